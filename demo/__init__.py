"""Footage with known truth, drawn from two public-domain portraits."""
