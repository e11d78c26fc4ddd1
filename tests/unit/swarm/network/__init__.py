"""Tests of bot/swarm/network."""
