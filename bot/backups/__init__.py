"""Backups at rest: sealed files in a folder of the worker's."""
