"""Messages that were promised: kept in Redis until Slack has accepted them, and sent by any live worker."""
