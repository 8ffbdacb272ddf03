"""Lines as sha256sum prints them."""

import shutil
import subprocess

import pytest

from peep.formats.digest_lines import DigestLine, NotADigestLine, digest_line

HEX = "0123456789abcdef" * 4


def test_a_line_is_read_and_written_alike():
    text = f"{HEX}  idna-3.20.tar.gz"

    assert digest_line(text) == DigestLine(HEX, "idna-3.20.tar.gz")
    assert str(digest_line(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEX,
        f"{HEX} idna.tar.gz",
        f"{HEX}   ",
        f"{HEX} *idna.tar.gz",
        f"{HEX.upper()}  idna.tar.gz",
        f"{HEX[1:]}  idna.tar.gz",
        f"0{HEX}  idna.tar.gz",
        f"{HEX}  dist/idna.tar.gz",
        f"{HEX}  dist\\idna.tar.gz",
        f"{HEX}  idna.tar.gz\n",
        f"{HEX}  idna\u202e.tar.gz",
        f"\\{HEX}  idna.tar.gz",
        f"{HEX}  ..",
        f"{HEX}  {'a' * 256}",
        f"sha256:{HEX}  idna.tar.gz",
    ],
)
def test_whatever_sha256sum_would_write_otherwise_is_refused(text):
    with pytest.raises(NotADigestLine, match="SHA256  FILENAME"):
        digest_line(text)


@pytest.mark.skipif(not shutil.which("sha256sum"), reason="sha256sum is not installed")
def test_a_line_is_what_sha256sum_prints(tmp_path):
    (tmp_path / "idna-3.20.tar.gz").write_bytes(b"x")
    printed = subprocess.run(["sha256sum", "idna-3.20.tar.gz"], cwd=tmp_path, capture_output=True, check=True).stdout

    assert str(digest_line(printed.decode().rstrip("\n"))) == printed.decode().rstrip("\n")
