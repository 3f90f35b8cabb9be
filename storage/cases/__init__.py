"""Cases, their people and reference photos, and the footage they cover."""
