"""What a recorded deploy means: which writes change something, and what Docker would refuse or ignore."""
