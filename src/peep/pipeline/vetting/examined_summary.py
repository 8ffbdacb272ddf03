"""Summary of what a run's archives are examined by, for its last line and for programs."""

from __future__ import annotations

from peep.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class ExaminedSummary:
    """How many archives of a run are examined, and by what; each archive counts once, as its weakest verdict says."""

    examined: int = 0
    """By people, those but for compiled files included."""
    compiled: int = 0
    """Of them: but for compiled files."""
    publisher: int = 0
    machine: int = 0
    excused: int = 0
    excused_until: str = ""
    """The earliest end of an excuse (ISO 8601)."""
    trusted_folders: tuple[str, ...] = ()
    """Projects of `--trust-local`: nobody is asked about these."""

    def __str__(self) -> str:
        """Such as `9 examined (2 but for compiled files), 2 by publisher, 1 excused until 2027-01-31`."""
        compiled = f" ({self.compiled} but for compiled files)" if self.compiled else ""
        parts = [
            f"{self.examined} examined{compiled}",
            *[f"{self.publisher} by publisher"] * bool(self.publisher),
            *[f"{self.machine} by a machine"] * bool(self.machine),
            *[f"{self.excused} excused until {self.excused_until}"] * bool(self.excused),
            *[f"nobody asked about {', '.join(self.trusted_folders)}"] * bool(self.trusted_folders),
        ]
        return ", ".join(parts)
