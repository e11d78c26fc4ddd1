"""Tests of the engine code and of the fleet on real Docker hosts."""
