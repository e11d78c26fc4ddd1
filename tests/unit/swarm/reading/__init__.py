"""Tests of bot/swarm/reading."""
