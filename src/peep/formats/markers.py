"""Environment markers and version clauses, judged for a target (PEP 508, PEP 440).

`packaging` is imported only when a file holds a marker or more than plain pins: it costs a start-up more than all
the rest of this stage, and most files of pins need none of it.
"""

from __future__ import annotations

from collections.abc import Mapping

from peep.errors import PeepError


class UnusableCondition(PeepError):
    """A marker that is malformed or cannot be judged."""


class TargetMarkers:
    """Judges markers by one target's PEP 508 environment, each distinct text once."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)
        self._known: dict[str, bool] = {}
        self._told: set[str] = set()

    def hold(self, marker: str) -> bool:
        """Tell whether `marker` is true for the target ('' always is), or may be; raises `UnusableCondition`.

        A value that the environment lacks is unknown (`formats.open_markers`): better a project too many than one too
        few.
        """
        if not marker:
            return True
        if marker not in self._known:
            self._known[marker] = _evaluate(marker, self._environment)
        return self._known[marker]

    def cautions(self, marker: str) -> tuple[str, ...]:
        """What the writer of a marker should know of it, told once for each text; see `marker_cautions`."""
        from peep.formats.marker_cautions import cautions  # noqa: PLC0415 - see the module's docstring

        if marker in self._told:
            return ()
        self._told.add(marker)
        return cautions(marker, holds=self.hold(marker))


def _evaluate(marker: str, environment: dict[str, str]) -> bool:
    from packaging.markers import InvalidMarker, UndefinedComparison, UndefinedEnvironmentName  # noqa: PLC0415 - see the module's docstring

    from peep.formats.dependency_specifiers import read_marker  # noqa: PLC0415
    from peep.formats.open_markers import Truth, judge  # noqa: PLC0415

    try:
        return judge(read_marker(marker), environment) is not Truth.FALSE
    except InvalidMarker:
        raise UnusableCondition(f"{marker!r} is no environment marker") from None
    except UndefinedComparison:
        raise UnusableCondition(f"the marker {marker!r} compares what has no such order") from None
    except UndefinedEnvironmentName as error:
        raise UnusableCondition(f"the marker {marker!r} cannot be judged ({error})") from None
    except RecursionError:
        raise UnusableCondition("the marker is nested too deeply") from None


def satisfies(version: str, specifier: str) -> bool:
    """Tell whether a pinned version lies within `specifier`; a pre-release that someone pinned always may."""
    from packaging.version import InvalidVersion  # noqa: PLC0415 - see the module's docstring

    from peep.formats.dependency_specifiers import read_specifiers, read_version  # noqa: PLC0415

    try:
        return read_specifiers(specifier).contains(read_version(version), prereleases=True)
    except InvalidVersion:
        return False
