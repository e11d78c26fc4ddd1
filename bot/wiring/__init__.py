"""Each process put together from its parts."""
