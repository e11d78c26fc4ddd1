"""Docker's Engine API, and what a shell on the host shows besides, over SSH."""
