"""Lock of an environment: one run at a time; the second one waits, and says for whom."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from peep.environment.mapping import WORK_FOLDER
from peep.reporting import Reporter
from peep.system.files import regular_only
from peep.system.locks import FileLock, is_locked, lock_folder

_HOLDER = "holder"


@contextmanager
def environment_lock(site: str, reporter: Reporter) -> Iterator[None]:
    """Hold the environment whose site-packages folder is `site` (it must exist) while this lasts.

    On POSIX the folder itself is locked, so that nothing is left behind; Windows can't do that and keeps a file. Where
    the file system knows no locks, a warning has to do. Raises `PermissionError` when the folder can't be opened.
    """
    with ExitStack() as held:
        try:
            if sys.platform == "win32":
                lock = os.path.join(site, f"{WORK_FOLDER}.lock")
                held.enter_context(FileLock(lock, on_wait=lambda holder: _tell(reporter, site, holder)))
            else:
                if is_locked(site):
                    _tell(reporter, site, _noted_holder(site))
                held.callback(os.close, lock_folder(site))
        except PermissionError:
            raise
        except OSError as error:
            reporter.warning(f"{site} can't be locked ({error.strerror}): let no other program change it meanwhile")
        yield


def leave_note(work: str) -> None:
    """Write into the work folder who is at work, for those who wait."""
    with suppress(OSError), open(os.path.join(work, _HOLDER), "w", encoding="utf-8") as stream:
        stream.write(f"process {os.getpid()}")


def _noted_holder(site: str) -> str:
    try:
        with open(
            os.path.join(site, WORK_FOLDER, _HOLDER), encoding="utf-8", errors="replace", opener=regular_only
        ) as stream:
            text = stream.read(100)
    except OSError:
        return "another process"
    return "".join(letter for letter in text if letter.isprintable()) or "another process"


def _tell(reporter: Reporter, site: str, holder: str) -> None:
    reporter.note(f"waiting for another peep ({holder}) that is changing {site}")
