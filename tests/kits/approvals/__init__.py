"""Approvals under test: processes, a cluster and people as data, and the expected outcome."""
