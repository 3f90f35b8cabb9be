"""Cases, accounts, audit, retention and purge."""
