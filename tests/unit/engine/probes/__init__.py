"""bot.engine.probes without a host."""
