"""bot.engine.disk without a host."""
