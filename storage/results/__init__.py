"""Candidates, verdicts, groups, and what is exported or purged of them."""
