"""The main commands on the newest engine that Debian has."""
