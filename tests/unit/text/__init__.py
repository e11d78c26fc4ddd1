"""Unit tests of bot/text."""
