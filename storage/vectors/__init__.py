"""Embeddings, and the search for the nearest."""
