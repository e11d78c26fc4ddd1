"""The words of commands and their registration."""
