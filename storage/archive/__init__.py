"""A whole archive: what it consists of, and what changes when it is restored."""
