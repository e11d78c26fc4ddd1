"""Services and their tasks: specs, placement, rollouts, diagnosis, and the tables that show them. Pure."""
