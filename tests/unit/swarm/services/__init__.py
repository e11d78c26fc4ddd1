"""Tests of bot/swarm/services."""
