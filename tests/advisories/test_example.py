"""The advisories that examples/webapp carries, for audits where none can be fetched."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.audit_run import AuditRun, ids_of

ROOT = Path(__file__).resolve().parents[2]
DAY = re.search(r'^DAY_OF_ADVISORIES = "(.+)"$', (ROOT / "dev.py").read_text("utf-8"), re.MULTILINE)[1]


@pytest.mark.parametrize(("version", "status", "found"), [("1.0", 1, ["EXAMPLE-2026-1"]), ("1.1", 0, [])])
def test_they_tell_the_old_release_from_the_new_one(audit: AuditRun, version: str, status: int, found: list[str]):
    carried = str(ROOT / "examples" / "webapp" / "advisories")
    audit.arguments = ["--offline", "--at", DAY, "--advisories", carried]
    done, report = audit.report(*audit.pins(f"greeting=={version}"), default=False)
    assert (done, ids_of(report["findings"])) == (status, found)
    [facts] = report["advisories"]
    assert (facts["records"], facts["unreadable"], facts["malformed"]) == (2, [], [])
