"""A folder to audit in."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.audit_run import AuditRun


@pytest.fixture
def audit(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> AuditRun:
    monkeypatch.chdir(tmp_path)
    return AuditRun(tmp_path, capsys)
