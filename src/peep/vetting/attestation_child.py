"""Verification of attestations (PEP 740) in the environment with the library: JSON in and out.

Started as `python -I`, sandboxed, without network; the home folder is empty, for the library would read a trust root
from a cache there before its own, and unverified.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

_LONGEST_REASON = 400
ANSWER = "\npeep verified: "
"""What stands before the answer, which is the last line."""


def main() -> None:
    """Carry out the order in the file `sys.argv[-1]`: `trust_root` (a path, or null) and `archives`."""
    order = json.loads(Path(sys.argv[-1]).read_text("utf-8"))
    import pypi_attestations as library  # type: ignore[import-not-found]  # noqa: PLC0415 - of that environment

    if order["trust_root"]:
        _trust_only(order["trust_root"])
    answer = [_verified(one, library) for one in order["archives"]]
    sys.stdout.write(ANSWER + json.dumps(answer) + "\n")


def _trust_only(path: str) -> None:
    """Let the library verify by the trust root at `path`, and no other."""
    from sigstore import models, verify  # type: ignore[import-not-found]  # noqa: PLC0415 - as above

    verifier = verify.Verifier(trusted_root=models.TrustedRoot.from_file(path))
    verify.Verifier.production = staticmethod(lambda **_: verifier)


def _verified(one: Mapping[str, Any], library: Any) -> dict[str, Any]:
    """Each attestation of an archive's provenance: what it is and what its certificate claims; or what is wrong."""
    try:
        provenance = library.Provenance.model_validate_json(one["provenance"])
    except Exception as error:  # noqa: BLE001 - the library raises what its libraries raise; each means the same here
        return {"error": f"its provenance cannot be read: {_told(error)}"}
    try:
        archive = library.Distribution(name=one["filename"], digest=one["sha256"])
        return {
            "attestations": [
                _attestation(attestation, bundle.publisher, archive)
                for bundle in provenance.attestation_bundles
                for attestation in bundle.attestations
            ]
        }
    except Exception as error:  # noqa: BLE001 - as above
        return {"error": f"an attestation of it does not hold: {_told(error)}"}


def _told(error: Exception) -> str:
    """The error on one line, cut: some quote whole proofs and documents."""
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return text if len(text) <= _LONGEST_REASON else text[:_LONGEST_REASON] + "..."


def _attestation(attestation: Any, publisher: Any, archive: Any) -> dict[str, Any]:
    kind, _ = attestation.verify(publisher, archive, offline=True)
    return {"kind": kind, "claims": attestation.certificate_claims, "on": _day(attestation)}


def _day(attestation: Any) -> str:
    """The day of the transparency log, by which the certificate was valid; of a log without times the certificate's."""
    entry = attestation.verification_material.transparency_entries[0]
    seconds = int(entry.get("integratedTime") or 0)
    if seconds:
        return datetime.fromtimestamp(seconds, timezone.utc).date().isoformat()
    from cryptography import x509  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415 - as above

    certificate = x509.load_der_x509_certificate(attestation.verification_material.certificate)
    return str(certificate.not_valid_before_utc.date().isoformat())
