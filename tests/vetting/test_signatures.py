"""Signatures of imports by the real ssh-keygen."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from peep.errors import VettingError
from peep.vetting.signatures import NAMESPACE, SshSignatures

pytestmark = pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="ssh-keygen is not installed")
SIGNER = "security@m.example"
CONTENT = b'format = "peep audits 1"\n'


@pytest.fixture
def sign(tmp_path):
    """Make a key that `allowed_signers` lists for SIGNER; give back a function that signs with it."""
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    public = (tmp_path / "key.pub").read_text()
    (tmp_path / "allowed_signers").write_text(f"{SIGNER} {public}")

    def signed(content: bytes, namespace: str = NAMESPACE, by=key) -> bytes:
        command = ["ssh-keygen", "-q", "-Y", "sign", "-f", by, "-n", namespace]
        return subprocess.run(command, input=content, capture_output=True, check=True).stdout

    return signed


@pytest.fixture
def check(tmp_path):
    return SshSignatures(str(tmp_path / "allowed_signers"), os.environ)


def test_a_signature_by_a_listed_signer_is_good(sign, check):
    check(CONTENT, sign(CONTENT), SIGNER)


def test_other_content_another_signer_another_purpose_and_no_signature_are_not(sign, check, tmp_path):
    other = tmp_path / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", other], check=True)
    good = sign(CONTENT)

    for content, signature, identity in [
        (CONTENT + b"\n", good, SIGNER),
        (b"", good, SIGNER),
        (CONTENT, good, "somebody@m.example"),
        (CONTENT, sign(CONTENT, by=other), SIGNER),
        (CONTENT, sign(CONTENT, namespace="git"), SIGNER),
        (CONTENT, b"", SIGNER),
        (CONTENT, b"no signature", SIGNER),
    ]:
        with pytest.raises(VettingError, match=f"the signature is not one of {identity}"):
            check(content, signature, identity)


def test_without_a_list_of_signers_nobodys_signature_counts(tmp_path):
    with pytest.raises(VettingError, match="there is no such file"):
        SshSignatures(str(tmp_path / "none"), os.environ)(CONTENT, b"", SIGNER)


def test_without_ssh_keygen_nobody_can_tell(sign, check, tmp_path):
    without = SshSignatures(check.allowed_signers, {"PATH": str(tmp_path)})

    with pytest.raises(VettingError, match="ssh-keygen can't be run"):
        without(CONTENT, sign(CONTENT), SIGNER)
