"""Hostile footage: `python -m bench.hostile [SEED]` draws every kind there is."""

from bench.hostile.table import main

__all__ = ["main"]
