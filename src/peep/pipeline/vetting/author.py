"""Author of a record: the name that was given, else the user whom git knows."""

from __future__ import annotations

import os
from collections.abc import Mapping

from peep.errors import UsageError
from peep.system.processes import run

_SECONDS = 10.0
_HINT = "say who: --by 'NAME <MAIL>', or tell git: git config user.name, git config user.email"


def author(given: str | None, environ: Mapping[str, str]) -> str:
    """`given`, or `NAME <MAIL>` as git is configured in the working folder. Raises `UsageError` if nobody is named."""
    if given is not None:
        if not given.strip() or not given.isprintable():
            raise UsageError("--by names nobody", _HINT)
        return given.strip()
    name, mail = (_configured(key, environ) for key in ("user.name", "user.email"))
    if not name or not mail:
        raise UsageError("nobody is named as the one who writes this record", _HINT)
    return f"{name} <{mail}>"


def _configured(key: str, environ: Mapping[str, str]) -> str:
    """A value of git's configuration, as plain text; '' where there is none, or no git."""
    try:
        done = run(["git", "config", "--get", key], env={"PATH": os.defpath, **environ}, timeout=_SECONDS)
    except OSError:
        return ""
    text = done.output.decode("utf-8", "replace").strip()
    return text if done.status == 0 and text.isprintable() else ""
