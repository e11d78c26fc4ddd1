"""Tests of one module each. They need Redis and no Docker host."""
