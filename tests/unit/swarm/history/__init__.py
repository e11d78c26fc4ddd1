"""Tests of bot/swarm/history."""
