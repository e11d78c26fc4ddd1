"""Tests of bot/swarm/operations."""
