"""Gaps of a list on its targets, for people and for programs (`peep check`)."""

from __future__ import annotations

from peep.locking.completeness import Incompleteness


def fault_line(fault: Incompleteness) -> str:
    """One line, without the target."""
    where = f"{fault.location}: " if fault.location is not None else ""
    chain = f" ({' -> '.join((*fault.chain, fault.name))})" if fault.chain else ""
    return f"{where}{fault.name}: {fault.reason}{chain}"


def fault_json(fault: Incompleteness) -> dict[str, object]:
    location = fault.location
    return {
        "kind": fault.kind.value,
        "target": fault.target,
        "name": fault.name,
        "requirement": fault.requirement or None,
        "reason": fault.reason,
        "chain": [*fault.chain, fault.name] if fault.chain else [],
        "locations": [{"path": location.path, "line": location.line}] if location is not None else [],
    }
