"""Approvals: a change waits until other people have approved exactly this plan."""
