"""Plans and operations as data."""
