"""What the bot promises in milliseconds, measured. Nothing here is a test: no number makes it fail."""
