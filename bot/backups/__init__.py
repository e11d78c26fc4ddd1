"""Backups at rest: encrypted files in a folder that all workers share."""
