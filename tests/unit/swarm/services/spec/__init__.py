"""Tests of bot/swarm/services/spec."""
