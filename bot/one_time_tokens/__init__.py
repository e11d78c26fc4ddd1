"""Tokens that are shown for one node: each showing is a promise to rotate the token, kept whatever dies in between."""
