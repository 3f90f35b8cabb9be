"""Purge certificates as files; they contain ids and numbers, no names."""

import json
from pathlib import Path
from typing import Any

from errors import StoreUnavailable
from pipeline.governance.purge import Certificate


def as_document(certificate: Certificate) -> dict[str, Any]:
    """A certificate as a JSON document."""
    proof = certificate.proof
    return {
        "audit_entry": certificate.entry,
        "at": certificate.at.isoformat(),
        "actor": certificate.actor,
        "erased": certificate.what,
        "rows": certificate.rows,
        "pictures": certificate.pictures,
        "footage_files": certificate.footage_files,
        "proven": certificate.is_proven,
        "looked_for": proof.patterns,
        "in_files": proof.files,
        "in_bytes": proof.bytes,
        "unreadable_files": proof.unreadable,
        "found_in": [str(path) for path in proof.found_in],
        "not_erased": list(certificate.left),
    }


def keep(certificate: Certificate, place: Path) -> Path:
    """Write a certificate and return its file; `place` without a suffix is a folder.

    In a folder, the file is named by the certificate's entry. Raises StoreUnavailable when it
    cannot be written.
    """
    try:
        if not place.suffix:
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = place if place.suffix else place / f"purge-{certificate.entry}.json"
        file.touch(mode=0o600)
        file.write_text(json.dumps(as_document(certificate), indent=2) + "\n")
    except OSError as error:
        raise StoreUnavailable(
            f"The certificate cannot be written to {place} ({error.strerror}); the data was "
            f"purged all the same, see entry {certificate.entry} of the audit log."
        ) from error
    return file
