"""Watches the clusters: reads their facts again and again, and tells the channel what is wrong."""
