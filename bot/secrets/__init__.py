"""How secrets are held, hidden and encrypted."""
