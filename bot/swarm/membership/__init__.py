"""How hosts join and nodes leave, and which secrets let a host join. Pure."""
