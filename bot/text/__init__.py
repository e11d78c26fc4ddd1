"""Text: Slack's mrkdwn, lists, durations, times, suggestions."""
