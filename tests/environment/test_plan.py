"""What stays, what is linked, what is fetched, what goes: decided from values."""

from __future__ import annotations

from dataclasses import replace

import pytest

from peep.environment.plan import PlanOptions, plan_install, refreshed, unlisted_projects, with_wheels
from peep.model import (
    Digest,
    InstalledProject,
    Location,
    PinnedRequirement,
    PlannedWheel,
    Provenance,
    StoredWheel,
    WheelIdentity,
)
from support.pins import source_for

GOOD, OTHER = Digest("sha256", "a" * 64), Digest("sha256", "b" * 64)


def pin(name="alpha", version="1.0", *, hashes=(GOOD,), **more):
    source = source_for(more.pop("url", None), more)
    return PinnedRequirement(name, name, version, (Location("r.txt", 1),), hashes, source=source, **more)


def installed(name="alpha", version="1.0", *digests, **more):
    provenance = Provenance("https://index.example/x.whl", digests) if digests else None
    return InstalledProject(name, version, f"/site/{name}-{version}.dist-info", provenance=provenance, **more)


def wheel(name="alpha", version="1.0", sha256=GOOD.hex):
    identity = WheelIdentity(
        name, version, f"{name}-{version}-py3-none-any.whl", f"{name}-{version}.dist-info", root_is_purelib=True
    )
    return StoredWheel(identity, sha256, "/store/x", ())


def named(*projects):
    return {project.name: project for project in projects}


def test_a_listed_digest_satisfies_and_nothing_else_does_w20():
    plan = plan_install([pin()], named(installed("alpha", "1.0", GOOD)), {})
    assert plan.is_empty
    assert len(plan.keep) == 1

    for present in (installed("alpha", "1.0", OTHER), installed(), installed("alpha", "1.0")):
        plan = plan_install([pin()], named(present), {})
        assert (len(plan.missing), plan.replace, len(plan.notes)) == (1, (present,), 1)


def test_another_version_is_replaced_without_a_remark():
    plan = plan_install(
        [pin(version="2.0")], named(installed("alpha", "1.0", OTHER)), named_wheels(wheel("alpha", "2.0"))
    )

    assert plan.notes == ()
    assert [one.version for one in plan.replace] == ["1.0"]
    assert [one.wheel.identity.version for one in plan.link] == ["2.0"]


def named_wheels(*wheels):
    return {one.identity.name: one for one in wheels}


def test_trust_installed_restores_the_old_rule():
    trusting = PlanOptions(trust_installed=True)
    assert plan_install([pin()], named(installed()), {}, options=trusting).is_empty
    assert plan_install([pin(version="1.0.0")], named(installed()), {}, options=trusting).is_empty
    assert plan_install([pin(version="1.0")], named(installed("alpha", "1.0+local")), {}, options=trusting).is_empty
    assert not plan_install([pin(version="1.1")], named(installed()), {}, options=trusting).is_empty
    exact = pin(version="1.0.0", arbitrary_equality=True)
    assert not plan_install([exact], named(installed()), {}, options=trusting).is_empty
    legacy = pin(version="2012j", arbitrary_equality=True)
    assert plan_install([legacy], named(installed("alpha", "2012J")), {}, options=trusting).is_empty
    assert not plan_install([pin(version="2012j")], named(installed()), {}, options=trusting).is_empty


def test_urls_are_compared_by_digest_never_by_version():
    url = pin(version=None, url="https://host.example/1234567.zip")
    here = installed("alpha", "1.0", GOOD)
    assert plan_install([url], named(here), {}).is_empty
    elsewhere = replace(here, provenance=Provenance("https://host.example/1234567.zip", (OTHER,), is_direct=True))
    assert not plan_install([url], named(elsewhere), {}).is_empty
    assert plan_install([url], named(elsewhere), {}, options=PlanOptions(trust_installed=True)).is_empty


def test_editable_installs_and_doubled_metadata_never_satisfy():
    editable = replace(installed(), provenance=Provenance("file:///x", (GOOD,), is_direct=True, is_editable=True))
    doubled = replace(installed("alpha", "1.0", GOOD), other_metadata=("/site/alpha-0.9.dist-info",))
    for present in (editable, doubled):
        for options in (PlanOptions(), PlanOptions(trust_installed=present is doubled)):
            plan = plan_install([pin()], named(present), {}, options=options)
            assert len(plan.notes) == 1
            assert len(plan.missing) == 1


def test_force_reinstall_counts_nothing():
    plan = plan_install([pin()], named(installed("alpha", "1.0", GOOD)), named_wheels(wheel()), options=FORCE)

    assert (len(plan.link), len(plan.replace), plan.notes) == (1, 1, ())


FORCE = PlanOptions(force_reinstall=True)


def test_provenance_is_what_is_known_or_else_the_pins_own():
    known = Provenance("https://index.example/alpha.whl", (GOOD,))
    link = plan_install([pin()], {}, named_wheels(wheel()), {"alpha": known}).link
    assert link[0].provenance == known
    link = plan_install([pin()], {}, named_wheels(wheel())).link
    assert link[0].provenance == Provenance("alpha-1.0-py3-none-any.whl", (GOOD,))
    url = pin(version=None, url="https://host.example/a.whl")
    link = plan_install([url], {}, named_wheels(wheel())).link
    assert link[0].provenance == Provenance("https://host.example/a.whl", (GOOD,), is_direct=True)


def test_requested_follows_the_pin():
    pins = [pin(), pin("beta", is_requested=False)]
    link = plan_install(pins, {}, named_wheels(wheel(), wheel("beta"))).link

    assert [one.is_requested for one in link] == [True, False]


def test_fetched_wheels_join_the_plan():
    plan = plan_install([pin(), pin("beta")], {}, named_wheels(wheel()))
    done = with_wheels(plan, [PlannedWheel(wheel("beta"), None, is_requested=True)])

    assert [one.wheel.identity.name for one in done.link] == ["alpha", "beta"]
    assert done.missing == ()


def test_sync_removes_what_is_not_listed_but_not_pip_and_peep():
    present = named(*(installed(name, "1.0", GOOD) for name in ("alpha", "pip", "peep", "stray", "helper")))

    protected = ("pip", "peep", "helper")
    assert [one.name for one in unlisted_projects([pin()], present, protected)] == ["stray"]
    everything = unlisted_projects([pin()], present)
    assert [one.name for one in everything] == ["helper", "peep", "pip", "stray"]


@pytest.mark.parametrize(
    ("now", "links", "replaces"),
    [
        ({}, ["alpha"], []),
        (named(installed("alpha", "1.0", GOOD)), [], []),
        (named(installed("alpha", "1.0", OTHER)), ["alpha"], ["alpha"]),
    ],
)
def test_what_another_run_did_meanwhile_counts(now, links, replaces):
    known = {"alpha": Provenance("u", (GOOD,))}
    plan = refreshed(plan_install([pin()], {}, named_wheels(wheel()), known), now)

    assert [one.wheel.identity.name for one in plan.link] == links
    assert [one.name for one in plan.replace] == replaces


def test_a_forced_reinstall_is_not_forgotten_when_the_plan_is_refreshed():
    present = named(installed("alpha", "1.0", GOOD))
    plan = plan_install([pin()], present, named_wheels(wheel()), {"alpha": Provenance("u", (GOOD,))}, FORCE)

    assert refreshed(plan, present).link == plan.link
