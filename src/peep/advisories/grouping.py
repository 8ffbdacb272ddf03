"""Groups of advisories that are one matter by their aliases, and a finding for each.

Source: OSV schema 1.7, `aliases`: symmetric and transitive, also through ids of which there is no record; `upstream`
and `related` never join.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from peep.advisories.findings import AuditedPin, Certainty, Finding, Kind, Level, MatchedRecord
from peep.advisories.matching import Match
from peep.advisories.record import Advisory
from peep.advisories.severity import Rater
from peep.dataclass import dataclass

_PREFERENCE = ("CVE-", "GHSA-", "PYSEC-", "MAL-")


@dataclass(frozen=True, slots=True)
class AdvisoryGroup:
    """Records that are one matter: all their ids, best to show first, and the records themselves by id."""

    ids: tuple[str, ...]
    members: tuple[Advisory, ...]

    @property
    def material(self) -> str:
        """sha256 of what a judgement of the group rests on."""
        from hashlib import sha256  # noqa: PLC0415 - OpenSSL

        return sha256("\n".join(one.material for one in self.members).encode()).hexdigest()


def groups_of(advisories: Iterable[Advisory]) -> tuple[AdvisoryGroup, ...]:
    """Join the records of one project by their aliases, whatever order they come in; sorted by shown id."""
    records = sorted(advisories, key=lambda one: one.id)
    roots: dict[str, str] = {}
    for record in records:
        for alias in (record.id, *record.aliases):
            _join(roots, record.id, alias)
    ids: dict[str, list[str]] = {}
    for identifier in roots:
        ids.setdefault(_root(roots, identifier), []).append(identifier)
    members: dict[str, list[Advisory]] = {}
    for record in records:
        members.setdefault(_root(roots, record.id), []).append(record)
    groups = [AdvisoryGroup(tuple(sorted(ids[root], key=preference)), tuple(found)) for root, found in members.items()]
    return tuple(sorted(groups, key=lambda group: preference(group.ids[0])))


def preference(identifier: str) -> tuple[int, str]:
    """Sorts ids by how well they are known: CVE, GHSA, PYSEC, MAL, others; then by text."""
    kinds = (rank for rank, prefix in enumerate(_PREFERENCE) if identifier.startswith(prefix))
    return next(kinds, len(_PREFERENCE)), identifier


def _root(roots: dict[str, str], identifier: str) -> str:
    while roots[identifier] != identifier:
        roots[identifier] = roots[roots[identifier]]
        identifier = roots[identifier]
    return identifier


def _join(roots: dict[str, str], one: str, other: str) -> None:
    for identifier in (one, other):
        roots.setdefault(identifier, identifier)
    first, second = sorted((_root(roots, one), _root(roots, other)))
    roots[second] = first


def finding_of(group: AdvisoryGroup, matches: Mapping[str, Match], pin: AuditedPin, rate: Rater) -> Finding | None:
    """The finding of a group for a pin; `matches` are those of the pin by id of the record. None: none is the group's.

    Vulnerabilities come back as warnings: the policy raises them. Malware has its level by rules 8 to 11.
    """
    matched = [matches[one.id] for one in group.members if one.id in matches]
    if not matched:
        return None
    malware = [one for one in matched if one.advisory.is_malware]
    certainty = max(one.certainty for one in malware or matched)
    disagree = tuple(one.id for one in group.members if one.id not in matches)
    published = [one.published for one in group.members if one.published]
    return Finding(
        Kind.MALWARE if malware else Kind.VULNERABILITY,
        _malware_level(certainty, pin) if malware else Level.WARNING,
        pin.name,
        pin.version or None,
        _message(malware, certainty, pin),
        hashes=pin.hashes,
        places=pin.places,
        id=group.ids[0],
        ids=group.ids,
        certainty=certainty,
        matched=tuple(MatchedRecord(one.advisory.id, one.by, one.introduced, one.fixed) for one in matched),
        disagree=disagree,
        summary=_summary(matched),
        severity=rate(group.members, pin.name),
        published=min(published, default=None),
        modified=max(one.modified for one in group.members),
        is_disputed=any(one.advisory.is_disputed for one in matched),
        material=group.material,
    )


def _malware_level(certainty: Certainty, pin: AuditedPin) -> Level:
    if certainty is Certainty.HASH:
        return Level.ERROR
    if pin.is_private:
        return Level.NOTE
    return Level.ERROR if certainty is Certainty.VERSION else Level.WARNING


def _message(malware: Sequence[Match], certainty: Certainty, pin: AuditedPin) -> str:
    if not malware:
        return ""
    if certainty is Certainty.HASH:
        return "these bytes are listed as malware"
    if pin.is_private:
        return "a project of this name is listed as malware; this one is of a private index"
    others = [digest for one in malware for digest in one.other_digests]
    if others:
        pinned = ", ".join(sorted(pin.sha256s))
        return f"listed as malware, with other bytes: sha256 {', '.join(others)}, pinned {pinned}"
    if certainty is Certainty.VERSION:
        return "this version is listed as malware"
    return "versions of this project are listed as malware; this one only by a range without an end"


def _summary(matched: Sequence[Match]) -> str:
    known = sorted((one.advisory for one in matched if one.advisory.summary), key=lambda one: preference(one.id))
    return known[0].summary if known else ""
