"""Candidates, verdicts and groups, their export, and purging."""
