"""What Slack delivers: requests by HTTP or Socket Mode, verified, read and answered in time."""
