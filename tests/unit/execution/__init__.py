"""How jobs are carried out, without engines."""
