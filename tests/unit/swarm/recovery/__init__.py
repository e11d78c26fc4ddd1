"""Tests of bot/swarm/recovery."""
