"""What is sent to Slack: messages, live edits, files."""
