"""Backup and restore of a whole archive."""
