"""What watch makes of facts over time, as data."""
