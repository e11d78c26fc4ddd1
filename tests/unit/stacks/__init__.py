"""Tests of bot/stacks."""
