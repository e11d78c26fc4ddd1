"""Tests of the sandbox's own parts."""
