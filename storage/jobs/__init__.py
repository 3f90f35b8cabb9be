"""Recordings, analyses and segments: what is queued, which worker holds it, and its progress."""
