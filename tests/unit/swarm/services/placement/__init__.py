"""Tests of bot/swarm/services/placement."""
