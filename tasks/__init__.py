"""Thin Celery tasks that run the pipeline's steps; only ids are on the wire."""
