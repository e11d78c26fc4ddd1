"""Certificate authorities: rotation of the root, external CAs."""
