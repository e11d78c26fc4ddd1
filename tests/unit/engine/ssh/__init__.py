"""bot.engine.ssh without a host."""
