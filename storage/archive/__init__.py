"""A whole archive: its contents, and what changes when it is restored."""
