"""After a lost quorum: which manager has the newest state, and how a cluster is rebuilt from it."""
