"""Tests of bot/swarm/quorum."""
