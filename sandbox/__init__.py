"""What stands in for the world outside: real Docker hosts, a local Slack, and the tour of `make demo`."""
