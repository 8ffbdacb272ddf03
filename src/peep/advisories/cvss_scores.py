"""CVSS base scores by the library `cvss` (extra `severity`): versions 2, 3 and 4."""

from __future__ import annotations

from importlib import import_module

from peep.advisories.record import SeverityVector
from peep.advisories.severity import Score, no_scores

_CLASSES = {"CVSS_V2": "CVSS2", "CVSS_V3": "CVSS3", "CVSS_V4": "CVSS4"}


def available_scores() -> Score:
    """The scores of the library, or, where it is not installed, none."""
    try:
        library = import_module("cvss")
    except ImportError:
        return no_scores
    classes = {kind: getattr(library, name, None) for kind, name in _CLASSES.items()}
    broken: type[Exception] = getattr(library, "CVSSError", ValueError)

    def score(vector: SeverityVector) -> float | None:
        read = classes.get(vector.type)
        if read is None:
            return None
        try:
            value = float(read(vector.vector).scores()[0])
        except (broken, ValueError, TypeError, ArithmeticError, LookupError, AttributeError):
            return None  # a broken vector is an unknown severity
        return value if 0.0 <= value <= 10.0 else None  # noqa: PLR2004 - the scale of CVSS

    return score
