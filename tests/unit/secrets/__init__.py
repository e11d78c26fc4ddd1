"""Unit tests of bot/secrets."""
