"""SSH to one host: where it is, whose key it has, how to log in, channels, commands."""
