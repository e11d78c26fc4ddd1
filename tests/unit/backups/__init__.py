"""bot.backups."""
