"""The metrics of Swarmbot at /metrics for Prometheus: what Redis has, and how long this process took."""
