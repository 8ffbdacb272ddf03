"""A certificate authority for one test, made by the `openssl` program; tests skip where there is none."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

has_openssl = shutil.which("openssl") is not None


@dataclass(frozen=True, slots=True)
class SelfSigned:
    """A certificate that is its own authority, and its key, each in a PEM file."""

    certificate: Path
    key: Path

    @property
    def both(self) -> Path:
        """One file holding the two, as `--client-cert` takes it."""
        path = self.certificate.with_suffix(".both.pem")
        path.write_text(self.key.read_text() + self.certificate.read_text())
        return path

    def server_context(self, *, wants_client: bool = False) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        if wants_client:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.certificate)
        return context


def self_signed(folder: Path, address: str = "IP:127.0.0.1") -> SelfSigned:
    """Valid for `address` (`IP:…` or `DNS:…`) and for two days."""
    made = SelfSigned(folder / "certificate.pem", folder / "key.pem")
    arguments = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    arguments += ["-days", "2", "-subj", "/CN=peep tests", "-addext", f"subjectAltName={address}"]
    arguments += ["-keyout", str(made.key), "-out", str(made.certificate)]
    subprocess.run(arguments, check=True, capture_output=True)
    return made
