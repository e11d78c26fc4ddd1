"""Unit tests of bot/slack/outbound."""
