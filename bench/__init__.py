"""Benchmarks of the bot's response times. They are no tests: no number makes them fail."""
