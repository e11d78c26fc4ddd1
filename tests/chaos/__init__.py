"""Processes are killed and servers restarted while jobs run."""
