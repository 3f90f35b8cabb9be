"""From the tables of 0.1.0 to those of 0.2.0, in one migration.

Written out rather than imported from the program: a migration must go on meaning what it meant.
"""
