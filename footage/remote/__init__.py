"""Remote footage, fetched block by block while it is read."""
