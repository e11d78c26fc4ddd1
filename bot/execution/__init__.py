"""How a job is carried out: questions answered, changes planned, approved, run step by step and shown."""
