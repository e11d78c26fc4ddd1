"""What Swarmbot sends to Slack: messages, live edits, files."""
