"""Footage that is elsewhere: fetched block by block while it is read."""
