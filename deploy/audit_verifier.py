#!/usr/bin/env python3
"""Check an exported audit log of Nightreel, with nothing of Nightreel.

    python3 audit_verifier.py LOG.jsonl [--checkpoint FILE ...] [--public-key HEX]

Says which line is the first that does not follow from those before it. Without a checkpoint that
was kept elsewhere nobody can tell that the end is missing, or that all was rewritten. The chain
is checked with Python alone; signatures need the package `cryptography`, and count for nothing
unless --public-key was learned from somebody trusted. Exit code: 0 whole, 1 bad, 2 usage.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path

FIELDS = ("action", "actor", "at", "case_id", "hash", "objects", "position")
SIGNED = ("at", "count", "hash", "public_key")


def canonical(value):
    """Sorted keys, no spaces, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def hash_of(previous, entry):
    """sha256 over a JSON array of the hash before and all that the entry says."""
    said = [entry[name] for name in ("position", "at", "actor", "action", "case_id")]
    content = json.dumps([previous, *said, canonical(entry["objects"])])
    return hashlib.sha256(content.encode()).hexdigest()


def read(line):
    """The entry of a line; None when the line is not what an export writes."""
    try:
        entry = json.loads(line)
        if sorted(entry) == list(FIELDS) and canonical(entry) + "\n" == line:
            return entry
    except (ValueError, TypeError, RecursionError):
        pass
    return None


def first_bad(lines, expected):
    """Number and reason of the first bad line, or None; and how many lines were good."""
    previous, number = "0" * 64, 0
    for number, line in enumerate(lines, start=1):
        entry = read(line)
        if entry is None:
            return (number, "it is not written as an export writes it"), number - 1
        if entry["position"] != number:
            return (number, f"entry {entry['position']} stands in its place"), number - 1
        if entry["hash"] != hash_of(previous, entry):
            return (number, "its hash does not follow from what it says"), number - 1
        if expected.get(number, entry["hash"]) != entry["hash"]:
            return (number, "a checkpoint was made for another entry"), number - 1
        previous = entry["hash"]
    counted = max(expected, default=0)
    if number < counted:
        return (number + 1, f"it is missing, a checkpoint counted {counted}"), number
    return None, number


def read_checkpoint(path, public_key):
    """Count and hash that a checkpoint vouches for; ends the program when it is not genuine."""
    with Path(path).open(encoding="utf-8") as file:
        said = json.load(file)
    if public_key:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        signed = canonical({name: said[name] for name in SIGNED}).encode()
        try:
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
            key.verify(bytes.fromhex(said["signature"]), signed)
        except (InvalidSignature, ValueError):
            sys.exit(f"{path}: not signed with this key, or altered since.")
    return said["count"], said["hash"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("log")
    parser.add_argument("--checkpoint", action="append", default=[])
    parser.add_argument("--public-key", default="")
    given = parser.parse_args()
    expected = dict(read_checkpoint(path, given.public_key) for path in given.checkpoint)
    expected.pop(0, None)
    with Path(given.log).open(encoding="ascii", errors="replace", newline="\n") as lines:
        bad, good = first_bad(lines, expected)
    if bad:
        sys.exit(f"Line {bad[0]} is bad: {bad[1]}.")
    if not given.public_key:
        sys.stderr.write("No public key was given: signatures were not looked at.\n")
    sys.stdout.write(f"{good} entries verified; checkpoints they fit: {len(expected)}.\n")


if __name__ == "__main__":
    main()
