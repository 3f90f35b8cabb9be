"""When footage is processed, and when it will be done."""
