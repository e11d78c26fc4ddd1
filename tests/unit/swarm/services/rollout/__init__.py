"""Tests of bot/swarm/services/rollout."""
