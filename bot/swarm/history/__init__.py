"""The history of a cluster, as watch recorded it: for what time, as plots, and in words."""
