"""Who a command acts for, as the audit log writes it."""

import os


def actor() -> str:
    """The user of the machine."""
    return f"uid:{os.getuid()}"
