"""Others' VEX documents (OpenVEX 0.2.0, CycloneDX 1.4 and newer) as suppressions.

A statement counts only with a status and a justification that say "not affected", and with the pinned sha256 or, where
none is given, the exact version of a purl (package URL specification, type pypi).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qs, unquote

from peep.advisories.findings import Place
from peep.advisories.foreign_text import cleaned
from peep.advisories.record import IDENTIFIER
from peep.advisories.suppression_file import JUSTIFICATIONS
from peep.advisories.suppressions import LONGEST_FOR_MALWARE, Suppression
from peep.dataclass import dataclass
from peep.formats.ages import utc_time
from peep.formats.documents import parse_json
from peep.formats.names import normalised
from peep.pins import is_digest, read_sha256

LARGEST_DOCUMENT = 64 << 20
"""Bytes."""
CYCLONEDX_JUSTIFICATIONS: Mapping[str, str] = {
    "component_not_present": "code_not_present",
    "vulnerable_code_not_present": "code_not_present",
    "vulnerable_code_not_in_execute_path": "code_not_reachable",
    "vulnerable_code_cannot_be_controlled_by_adversary": "requires_environment",
    "inline_mitigations_already_exist": "protected_by_mitigating_control",
}
"""OpenVEX's words in CycloneDX's."""
CYCLONEDX_STATES: Mapping[str, str] = {
    "not_affected": "not_affected",
    "affected": "exploitable",
    "under_investigation": "in_triage",
    "fixed": "resolved",
}
_FROM_CYCLONEDX: Mapping[str, str] = {
    "code_not_present": "vulnerable_code_not_present",
    "code_not_reachable": "vulnerable_code_not_in_execute_path",
    "requires_configuration": "vulnerable_code_cannot_be_controlled_by_adversary",
    "requires_dependency": "vulnerable_code_cannot_be_controlled_by_adversary",
    "requires_environment": "vulnerable_code_cannot_be_controlled_by_adversary",
    "protected_by_compiler": "inline_mitigations_already_exist",
    "protected_by_mitigating_control": "inline_mitigations_already_exist",
    "protected_at_runtime": "inline_mitigations_already_exist",
    "protected_at_perimeter": "inline_mitigations_already_exist",
}
JUSTIFICATION_PROPERTY = "peep:justification"
"""Of a CycloneDX vulnerability: OpenVEX's word, where CycloneDX has one for two of them."""
_PURL = re.compile(
    r"pkg:pypi/(?P<name>[^@?#/]+)(?:@(?P<version>[^?#]+))?(?:\?(?P<query>[^#]*))?(?:#.*)?", re.IGNORECASE
)


class UnreadableVex(Exception):
    """A file that is no VEX document in a form that is known; the text says why."""


@dataclass(frozen=True, slots=True)
class VexStatements:
    """What a document says: suppressions, and a line for each statement that does not count."""

    suppressions: tuple[Suppression, ...]
    left_aside: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Statement:
    """One product of one statement, in OpenVEX's words."""

    ids: tuple[str, ...]
    status: str
    justification: str
    reason: str
    product: str
    digests: tuple[str, ...]
    timestamp: object


def read_vex(content: bytes, path: str, longest: timedelta) -> VexStatements:
    """Read a VEX document. Statements hold for `longest` from their time, on malware for 30 days.

    Raises `UnreadableVex`.
    """
    try:
        document = parse_json(content)
    except ValueError as error:
        raise UnreadableVex(f"no JSON ({error})") from None
    if not isinstance(document, dict):
        raise UnreadableVex("no JSON object")
    if "openvex" in str(document.get("@context", "")):
        statements = _openvex(document)
    elif document.get("bomFormat") == "CycloneDX":
        statements = _cyclonedx(document)
    else:
        raise UnreadableVex("neither OpenVEX (`@context`) nor CycloneDX (`bomFormat`)")
    suppressions: list[Suppression] = []
    left: list[str] = []
    for number, statement in enumerate(statements, 1):
        try:
            suppressions += _suppressions(statement, path, longest)
        except UnreadableVex as reason:
            left.append(f"{path}: statement {number}: {cleaned(str(reason))}")
    return VexStatements(tuple(suppressions), tuple(left))


def _suppressions(statement: _Statement, path: str, longest: timedelta) -> Iterator[Suppression]:
    if statement.status != "not_affected":
        raise UnreadableVex(f"its status is {statement.status or 'missing'}; only not_affected counts")
    if statement.justification not in JUSTIFICATIONS:
        raise UnreadableVex("it has no justification")
    found = _PURL.fullmatch(statement.product)
    if found is None:
        raise UnreadableVex(f"{statement.product or 'a product without an id'} is no purl of type pypi")
    stated = utc_time(statement.timestamp)
    if stated is None:
        raise UnreadableVex("nothing says when it was made")
    digests = frozenset((*statement.digests, *_checksums(found["query"] or "")))
    version = unquote(found["version"]) if found["version"] else None
    if not digests and version is None:
        raise UnreadableVex(f"{statement.product} names neither a version nor a sha256")
    if not statement.ids:
        raise UnreadableVex("it names no vulnerability")
    added = stated.date()
    for id_ in statement.ids:
        yield Suppression(
            id=id_,
            project=normalised(unquote(found["name"])),
            status="not_affected",
            reason=statement.reason or statement.justification.replace("_", " "),
            added=added,
            expires=_end(added, id_, longest),
            place=Place(path),
            justification=statement.justification,
            sha256=digests,
            version=None if digests else version,
        )


def _end(added: date, id_: str, longest: timedelta) -> date:
    lasting = min(longest, LONGEST_FOR_MALWARE) if id_.startswith("MAL-") else longest
    return min(added, date.max - lasting) + lasting


def _checksums(query: str) -> Iterator[str]:
    for texts in parse_qs(query).get("checksum", []):
        for text in texts.split(","):
            if text.strip().startswith("sha256:") and (found := read_sha256(text.strip())):
                yield found


def _openvex(document: Mapping[str, Any]) -> Iterator[_Statement]:
    for statement in _objects(document, "statements"):
        vulnerability = statement.get("vulnerability")
        about = vulnerability if isinstance(vulnerability, dict) else {"name": vulnerability}
        aliases = about.get("aliases")
        ids = _ids([about.get("name"), *(aliases if isinstance(aliases, list) else [])])
        time = statement.get("timestamp") or document.get("timestamp")
        reason = cleaned(statement.get("impact_statement") or statement.get("status_notes"))
        for product in _objects(statement, "products"):
            identifiers = product.get("identifiers")
            purl = identifiers.get("purl") if isinstance(identifiers, dict) else None
            hashes = product.get("hashes")
            stated = hashes.get("sha-256") if isinstance(hashes, dict) else None
            yield _Statement(
                ids,
                _text(statement.get("status")),
                _text(statement.get("justification")),
                reason,
                _text(purl or product.get("@id")),
                (stated.lower(),) if isinstance(stated, str) and is_digest(stated.lower()) else (),
                time,
            )


def _cyclonedx(document: Mapping[str, Any]) -> Iterator[_Statement]:
    states = {theirs: ours for ours, theirs in CYCLONEDX_STATES.items()}
    components = {one.get("bom-ref"): one for one in _objects(document, "components")}
    metadata = document.get("metadata")
    made = metadata.get("timestamp") if isinstance(metadata, dict) else None
    for vulnerability in _objects(document, "vulnerabilities"):
        stated = vulnerability.get("analysis")
        analysis = stated if isinstance(stated, dict) else {}
        references = [one.get("id") for one in _objects(vulnerability, "references")]
        time = analysis.get("firstIssued") or vulnerability.get("updated") or made
        for affected in _objects(vulnerability, "affects"):
            ref = affected.get("ref")
            component = components.get(ref, {})
            yield _Statement(
                _ids([vulnerability.get("id"), *references]),
                states.get(_text(analysis.get("state")), ""),
                _justification(vulnerability, _text(analysis.get("justification"))),
                cleaned(analysis.get("detail")),
                _text(component.get("purl") or ref),
                tuple(_component_digests(component)),
                time,
            )


def _justification(vulnerability: Mapping[str, Any], theirs: str) -> str:
    """OpenVEX's word for CycloneDX's; of two that share one, that which a property names."""
    properties = _objects(vulnerability, "properties")
    named = [_text(one.get("value")) for one in properties if one.get("name") == JUSTIFICATION_PROPERTY]
    ours = next((word for word in named if CYCLONEDX_JUSTIFICATIONS.get(word) == theirs), "")
    return ours or _FROM_CYCLONEDX.get(theirs, "")


def _component_digests(component: Mapping[str, Any]) -> Iterator[str]:
    for one in _objects(component, "hashes"):
        content = one.get("content")
        if one.get("alg") == "SHA-256" and isinstance(content, str) and is_digest(content.lower()):
            yield content.lower()


def _objects(holder: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    value = holder.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise UnreadableVex(f"`{key}` is no list of objects")
    return value


def _ids(values: list[object]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for one in values if isinstance(one, str) and IDENTIFIER.fullmatch(one)))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
