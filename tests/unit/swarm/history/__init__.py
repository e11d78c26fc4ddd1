"""Tests of bot/swarm/health."""
