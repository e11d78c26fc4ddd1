"""The history of a cluster, as watch recorded it: the time shown, the plots, and the words."""
