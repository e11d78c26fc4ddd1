"""Each person's Home tab: read from what is stored, published when it has changed."""
