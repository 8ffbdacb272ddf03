"""Limits on what a lock may choose that stand in pip's configuration, as pip itself would take them."""

from __future__ import annotations

from peep.dataclass import dataclass, replace
from peep.locking.roots import Constraint
from peep.model import FormatControl
from peep.pip.options import PipDefaults


@dataclass(frozen=True, slots=True)
class PipLimits:
    """What pip's configuration files and variables say besides indexes."""

    constraints: tuple[str, ...] = ()
    """Paths or URLs of files."""
    formats: FormatControl = FormatControl()
    allows_pre_releases: bool = False

    def unnamed(self, constraints: tuple[Constraint, ...]) -> tuple[Constraint, ...]:
        """Leave those of the configuration out of what `# via` comments name: they are of this machine alone."""
        return tuple(replace(one, origin="") if one.location.path in self.constraints else one for one in constraints)


def pip_limits(defaults: PipDefaults, given: tuple[str, ...]) -> PipLimits:
    """Take pip's limits, but for files that the run was `given` by `-c` or its settings."""
    stated = defaults.values.get("constraints")
    paths = (path for path in stated if isinstance(path, str)) if isinstance(stated, list) else ()
    constraints = tuple(dict.fromkeys(path for path in paths if path not in given))
    return PipLimits(constraints, defaults.format_control, bool(defaults.values.get("pre")))
