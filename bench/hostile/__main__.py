"""`python -m bench.hostile [SEED]`."""

import sys

from bench.hostile.table import main

main(*map(int, sys.argv[1:]))
