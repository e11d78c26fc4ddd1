"""Scenarios of stacks: one bot that knows two of them."""
