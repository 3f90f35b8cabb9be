"""Watching over the work: metrics, health, and who is told when a night ends or needs help."""
