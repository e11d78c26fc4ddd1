"""Unit tests of bot/slack/inbound."""
