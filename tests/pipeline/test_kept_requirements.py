"""Requirements of projects that stay: from the stored wheel that they came from, and from no other."""

from __future__ import annotations

from peep.model import Digest, InstalledProject, InstallPlan, PlannedWheel, Provenance, StoredWheel, WheelIdentity
from peep.pipeline.problems import requirements_of_kept

OWN, OTHER = "a" * 64, "b" * 64
URL = "https://files.example/demo-1.0-py3-none-any.whl"


def kept(origin: Provenance | None) -> InstallPlan:
    return InstallPlan((InstalledProject("demo", "1.0", "/env/demo-1.0.dist-info", provenance=origin),))


def stored(sha256: str = OWN, requires: tuple[str, ...] = ("needed>=1",)) -> dict[str, PlannedWheel]:
    identity = WheelIdentity("demo", "1.0", "demo-1.0-py3-none-any.whl", "demo-1.0.dist-info", root_is_purelib=True)
    return {
        "demo": PlannedWheel(
            StoredWheel(identity, sha256, "/store", (), requires_dist=requires), None, is_requested=True
        )
    }


def test_the_wheel_that_a_project_came_from_tells():
    origin = Provenance(URL, (Digest("sha512", "c" * 128), Digest("sha256", OWN)))

    assert requirements_of_kept(kept(origin), stored()) == {"demo": ("needed>=1",)}
    assert requirements_of_kept(kept(origin), stored(requires=())) == {"demo": ()}


def test_another_archive_of_the_same_version_tells_nothing():
    """Built anew, or for another platform: it may require something else."""
    assert requirements_of_kept(kept(Provenance(URL, (Digest("sha256", OTHER),))), stored()) == {}


def test_nothing_is_known_without_an_origin_or_a_stored_wheel():
    assert requirements_of_kept(kept(None), stored()) == {}
    assert requirements_of_kept(kept(Provenance(URL)), stored()) == {}
    assert requirements_of_kept(kept(Provenance(URL, (Digest("sha256", OWN),))), {}) == {}
