"""A random run: people type orders while faults are injected, and a checker judges the recorded history."""
