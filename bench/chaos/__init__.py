"""Faults at random moments while a known job runs: nothing may be lost, nothing may be there twice.

`python -m bench.chaos [--fault NAME ...] [--runs N] [--seed S] [--database sqlite|postgresql]
[--short] [--json FILE]`
"""
