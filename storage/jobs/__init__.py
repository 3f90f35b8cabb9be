"""Recordings, analyses and segments: what is queued, who holds it, how far it is."""
