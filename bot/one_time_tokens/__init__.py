"""Join tokens shown for one node: each token has a pending rotation, which is carried out even if processes die."""
