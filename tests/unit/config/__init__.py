"""swarmbot.yml: reading it, what is wrong with it, which cluster is meant."""
