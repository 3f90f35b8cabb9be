"""How steps are asked for: thin Celery tasks, with ids only on the wire."""
