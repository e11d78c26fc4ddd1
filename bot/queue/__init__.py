"""Jobs: what was asked, kept in Redis until it has an end."""
