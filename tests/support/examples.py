"""How many examples a property tries that says so itself."""

from __future__ import annotations

from hypothesis import settings

_USUAL = 100
"""What Hypothesis tries of a property that says nothing."""


def examples(count: int) -> int:
    """`count`, and fewer in the same proportion as a property that says nothing has under the profile in use."""
    tried: int = settings().max_examples
    return max(1, count * tried // _USUAL)
