"""Errors of the operating system, told as an error of peep that names the place."""

from __future__ import annotations

from types import TracebackType

from peep.errors import PeepError


class ToldAs:
    """While it is entered, an `OSError` comes out as `kind`, its message `what: reason`."""

    def __init__(self, kind: type[PeepError], what: str, hint: str = "") -> None:
        """`kind` takes a message, and a hint where there is one."""
        self._kind, self._what, self._hint = kind, what, hint

    def __enter__(self) -> None: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, OSError):
            message = f"{self._what}: {error.strerror or error}"
            raise (self._kind(message, self._hint) if self._hint else self._kind(message)) from error
