"""Accounts, sessions, tokens, and the audit log."""
