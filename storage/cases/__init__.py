"""Cases, their people, their reference photos, and what they cover."""
