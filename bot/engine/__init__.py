"""Docker's Engine API, and a few looks at the machine, over SSH."""
