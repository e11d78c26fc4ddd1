"""Tests of bot/stack_recording."""
