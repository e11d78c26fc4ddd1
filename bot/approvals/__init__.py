"""Approvals: a change that waits for others to say yes to exactly this plan."""
