"""Swarmbot: the Slack bot with which teams run Docker Swarm."""
