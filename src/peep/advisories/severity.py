"""Severity of a group of advisories: the highest that one of its records states.

Bands: FIRST CVSS v3.1 specification, section 5 (qualitative severity rating scale). Scores need the library `cvss`
(extra `severity`); without it the database's own label counts. What can't be read is unknown, never 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from peep.advisories.findings import SeverityRating
from peep.advisories.record import Advisory, SeverityVector

LABELS = ("unknown", "none", "low", "medium", "high", "critical")
"""From the lowest to the highest; `none` is a score of 0."""
_BANDS = ((9.0, "critical"), (7.0, "high"), (4.0, "medium"), (0.1, "low"))

Score = Callable[[SeverityVector], float | None]
"""Gives the base score of a vector, 0.0 to 10.0, or None when it can't be read."""
Rater = Callable[[Sequence[Advisory], str], SeverityRating]
"""Gives the severity of a group's records for a project."""


def label_of_score(score: float) -> str:
    return next((label for lowest, label in _BANDS if score >= lowest), "none")


def no_scores(_vector: SeverityVector) -> float | None:
    """The scores of a run without the library."""
    return None


def rating_of(members: Sequence[Advisory], name: str, score: Score = no_scores) -> SeverityRating:
    """The highest rating of the records for the project `name`; equal ones: the record with the smallest id."""
    ratings = [_rating(record, name, score) for record in sorted(members, key=lambda one: one.id)]
    return max(ratings, key=lambda one: (LABELS.index(one.label), one.score or 0.0), default=SeverityRating())


def _rating(record: Advisory, name: str, score: Score) -> SeverityRating:
    """A record's own rating: vectors of the project before those of the whole record, then the database's label."""
    own = [vector for entry in record.affected if entry.name == name for vector in entry.severity]
    vectors = own or list(record.severity)
    scored = [(value, vector) for vector in vectors if (value := score(vector)) is not None]
    if scored:
        value, vector = max(scored, key=lambda pair: pair[0])
        return SeverityRating(label_of_score(value), value, vector.vector, record.id)
    label = record.label or "unknown"
    stated = vectors[-1].vector if vectors else None
    return SeverityRating(label, None, stated, record.id if record.label or stated else None)
