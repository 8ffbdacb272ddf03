"""What pip is configured with answers what the command line leaves open, and nothing else."""

from __future__ import annotations

import pytest

from peep.model import FormatControl
from peep.pip.options import PipDefaults
from peep.pipeline.options import BuildOptions, InstallOptions, SourceOptions, TargetOptions
from peep.pipeline.pip_configuration import completed

CONFIGURED = PipDefaults(
    (),
    format_control=FormatControl(only_binary=frozenset({":all:"})),
    values={
        "use_user_site": 1,
        "require_venv": True,
        "override_externally_managed": None,
        "constraints": ["known.txt"],
        "build_constraints": ["build.txt"],
    },
)


def target(given: TargetOptions, pip: PipDefaults = CONFIGURED) -> TargetOptions:
    return completed(InstallOptions(target=given), pip).target


@pytest.mark.parametrize(
    ("given", "user"),
    [
        (TargetOptions(), True),
        (TargetOptions(user=True), True),
        (TargetOptions(user=False), False),
        (TargetOptions(target="lib"), None),
        (TargetOptions(prefix="lib"), None),
    ],
)
def test_who_decides_on_user(given, user):
    assert target(given).user is user


def test_a_place_of_the_configuration_counts_only_where_none_was_given():
    pip = PipDefaults((), values={"target_dir": "lib", "prefix_path": "", "root_path": None})
    assert target(TargetOptions(), pip).target == "lib"
    assert target(TargetOptions(user=False), pip).target == "lib"
    assert target(TargetOptions(root="r"), pip).target is None


def test_safety_is_added_and_never_taken_away():
    assert target(TargetOptions()).require_virtualenv
    assert not target(TargetOptions()).break_system_packages
    assert target(TargetOptions(require_virtualenv=True), PipDefaults(())).require_virtualenv
    assert not target(TargetOptions()).ignore_requires_python
    assert target(TargetOptions(), PipDefaults((), values={"ignore_requires_python": True})).ignore_requires_python


def test_files_of_the_configuration_come_first_and_once():
    sources = SourceOptions(constraint_files=("mine.txt", "known.txt"))
    options = completed(InstallOptions(sources=sources, build=BuildOptions(constraint_files=("b",))), CONFIGURED)
    assert options.sources.constraint_files == ("known.txt", "mine.txt")
    assert options.build.constraint_files == ("build.txt", "b")


def test_formats_of_the_command_line_replace_those_of_the_configuration():
    mine = FormatControl(no_binary=frozenset({"six"}))
    assert completed(InstallOptions(), CONFIGURED).format_control == CONFIGURED.format_control
    assert completed(InstallOptions(format_control=mine), CONFIGURED).format_control == mine
