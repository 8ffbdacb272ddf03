"""Gaps of a list on its targets, for people and for programs (`peep check`)."""

from __future__ import annotations

from peep.locking.completeness import Incompleteness


def fault_line(fault: Incompleteness) -> str:
    """One line, without the target."""
    where = f"{', '.join(map(str, fault.locations))}: " if fault.locations else ""
    chains = "; ".join(" -> ".join((*chain, fault.name)) for chain in fault.chains)
    return f"{where}{fault.name}: {fault.reason}{f' ({chains})' if chains else ''}"


def fault_json(fault: Incompleteness) -> dict[str, object]:
    chains = [[*chain, fault.name] for chain in fault.chains]
    return {
        "kind": fault.kind.value,
        "target": fault.target,
        "name": fault.name,
        "requirement": fault.requirement or None,
        "reason": fault.reason,
        "chain": chains[0] if chains else [],
        "chains": chains,
        "locations": [{"path": location.path, "line": location.line} for location in fault.locations],
    }
