"""Causes faults at random moments while a known job runs: nothing may be lost or duplicated.

`python -m bench.chaos [--fault NAME ...] [--runs N] [--seed S] [--database sqlite|postgresql]
[--short] [--json FILE]`
"""
