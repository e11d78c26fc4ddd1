"""bot.engine.api without an engine."""
