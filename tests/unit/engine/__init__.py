"""bot.engine without a host."""
