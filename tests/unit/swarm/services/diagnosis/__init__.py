"""Tests of bot/swarm/services/diagnosis."""
