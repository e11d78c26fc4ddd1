"""Tests of the tour's parts."""
