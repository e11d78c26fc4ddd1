"""How nodes leave, where tasks can go, which secrets let a node join."""
