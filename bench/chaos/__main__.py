"""`python -m bench.chaos`: runs the given faults, or all of them; prints Markdown."""

import argparse
import json
import secrets
import signal
import sys
from pathlib import Path

from bench.chaos.session import NAMES, Request, run
from bench.chaos.tally import table


def main() -> int:
    """Run the requested faults; returns 0 if everything was as promised, else 1."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything is cleaned up
    asked = _arguments()
    request = Request(asked.fault or NAMES, asked.runs, asked.seed, asked.database, asked.short)
    print(f"seed {request.seed}, {request.database}", file=sys.stderr, flush=True)
    tallies = run(request)
    print(table(tallies))
    if asked.json:
        asked.json.write_text(json.dumps([tally.document for tally in tallies], indent=1) + "\n")
    return 0 if all(tally.as_promised for tally in tallies) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.chaos", description=__doc__)
    parser.add_argument("--fault", action="append", choices=NAMES, help="may be repeated")
    parser.add_argument("--runs", type=int, help="faults of each kind; as the long version has")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--short", action="store_true", help="small jobs, short leases, few faults")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
