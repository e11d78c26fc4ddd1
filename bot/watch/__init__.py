"""Watches the clusters: reads their facts again and again, and reports in the channel what is wrong."""
