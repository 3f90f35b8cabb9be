"""Who is in a picture: faces, appearances, matching, and the engines."""
