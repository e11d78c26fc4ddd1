"""How jobs are carried out: questions are answered; changes are planned, approved, run step by step and shown."""
