"""Detached signatures of imports: `ssh-keygen -Y verify` by `allowed_signers` (OpenSSH 8.1)."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from typing import Protocol

from peep.dataclass import dataclass
from peep.errors import VettingError
from peep.system.processes import printable_lines, run

NAMESPACE = "peep-audits"
"""What a signature must be made for, so that one made for something else is none of this."""
_SECONDS = 30.0


class CheckSignature(Protocol):
    """The seam that tests replace."""

    def __call__(self, content: bytes, signature: bytes, identity: str) -> None:
        """Return when `signature` is one of `content` by `identity`. Raises `VettingError` otherwise."""


@dataclass(frozen=True, slots=True)
class SshSignatures:
    """Signatures by keys that the file `allowed_signers` lists (ssh-keygen(1), ALLOWED SIGNERS)."""

    allowed_signers: str
    environ: Mapping[str, str]

    def __call__(self, content: bytes, signature: bytes, identity: str) -> None:
        """Ask ssh-keygen. Raises `VettingError` for a wrong signature, and where nobody can tell."""
        if not os.path.isfile(self.allowed_signers):
            hint = "write a line IDENTITY KEYTYPE KEY for each signer into it (ssh-keygen(1), ALLOWED SIGNERS)"
            raise VettingError(f"{self.allowed_signers}: there is no such file, so nobody's signature counts", hint)
        with tempfile.TemporaryDirectory(prefix="peep-signature-", ignore_cleanup_errors=True) as folder:
            path = os.path.join(folder, "signature")
            with open(path, "wb") as file:
                file.write(signature)
            self._verify(content, path, identity)

    def _verify(self, content: bytes, signature: str, identity: str) -> None:
        command = ["ssh-keygen", "-Y", "verify", "-n", NAMESPACE, "-f", os.path.abspath(self.allowed_signers)]
        try:
            done = run(
                [*command, "-I", identity, "-s", signature],
                env={"PATH": self.environ.get("PATH", os.defpath), "LC_ALL": "C"},
                timeout=_SECONDS,
                input_bytes=content,
            )
        except OSError as error:
            hint = "install OpenSSH, or import without --signed-by"
            raise VettingError(f"ssh-keygen can't be run: {error.strerror or error}", hint) from error
        if done.status != 0:
            told = printable_lines(done.errors or done.output)
            reason = f": {told[-1]}" if told else ""
            raise VettingError(f"the signature is not one of {identity}{reason}")
