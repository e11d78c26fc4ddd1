"""Words and their markup: mrkdwn, lists, durations, times, suggestions."""
