"""Facts, operations and plans: frozen data and pure functions."""
