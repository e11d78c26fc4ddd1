"""Unit tests of bot/freeze."""
