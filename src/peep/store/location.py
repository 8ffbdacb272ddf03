"""Location of the store, found without importing anything: each run asks this first."""

import os
import sys

TYPE_CHECKING = False  # what `typing` calls so, without importing it
if TYPE_CHECKING:
    from collections.abc import Mapping


def known_store_root(environ: "Mapping[str, str]") -> str | None:
    """Absolute path of the store by `PEEP_STORE` or, on Linux, by the XDG base directories.

    None when it takes more: a `PEEP_STORE` that is no absolute path, or another platform's rules. The XDG rule is
    that of platformdirs, a test holds both together: blank and relative values of `XDG_CACHE_HOME` do not count.
    """
    if chosen := environ.get("PEEP_STORE"):
        expanded = os.path.expanduser(chosen)
        return os.path.normpath(expanded) if os.path.isabs(expanded) else None
    follows_xdg = sys.platform == "linux" and "ANDROID_DATA" not in environ
    if not follows_xdg:
        return None
    caches = environ.get("XDG_CACHE_HOME", "").strip()
    home = environ.get("HOME") or os.path.expanduser("~")
    folder = caches if os.path.isabs(caches) else os.path.join(home, ".cache")
    return os.path.join(folder, "peep") if os.path.isabs(folder) else None


def can_be_written(root: str) -> bool:
    """Whether a store at `root` (absolute) takes more, or could be made; nothing is made."""
    place = root
    while not os.path.lexists(place):
        above = os.path.dirname(place)
        if above == place:
            return False
        place = above
    parts = (place, *(os.path.join(root, name) for name in ("temporary", "wheels-v3"))) if place == root else (place,)
    return os.path.isdir(place) and all(os.access(one, os.W_OK | os.X_OK) for one in parts if os.path.lexists(one))


if sys.platform == "win32":

    def risk_of_others(root: str) -> str:
        """Not told: what others may do there stands in access lists, and the usual place lets nobody else in."""
        del root
        return ""

else:

    def risk_of_others(root: str) -> str:
        """Why others than this user and the system's administrator may change the store at `root`; '' when they can't.

        Whoever may write there can plant wheels under any digest, and what is remembered of earlier runs (THREATS N16).
        """
        try:
            found = os.stat(root)
        except OSError:
            return ""
        return risk(found.st_mode, found.st_uid, os.geteuid())


def risk(mode: int, owner: int, user: int) -> str:
    """As `risk_of_others`, by the mode and owner of the store's folder and the number of the user who runs peep."""
    if mode & 0o002:
        return "any user may change it; take that right away (chmod o-w)"
    if owner not in {0, user}:
        return f"it belongs to another user (number {owner}), who may change it; use a store of your own"
    return ""
