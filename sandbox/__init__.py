"""The sandbox: real Docker hosts, a local Slack and the tour of `make demo`, all on one machine."""
