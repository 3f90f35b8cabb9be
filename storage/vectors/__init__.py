"""Embeddings, and how the nearest are found."""
