"""The parts of the random run that judge and plan: tests of a test that must be able to fail."""
