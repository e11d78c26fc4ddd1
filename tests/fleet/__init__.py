"""Tests on real Docker hosts."""
