"""What Prometheus reads of Swarmbot at /metrics: what Redis has, and how long this process took."""
