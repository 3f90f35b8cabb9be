"""The database itself: engines, sessions, versions, and what differs between kinds."""
