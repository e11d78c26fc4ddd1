"""bot.engine without a host: what is read, resolved and told."""
