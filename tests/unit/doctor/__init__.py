"""What the doctor checks, and how it reports it."""
