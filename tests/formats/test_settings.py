from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peep.formats.settings import (
    KNOWN_KEYS,
    AuditSettings,
    BundleSettings,
    IndexSetting,
    Settings,
    SettingsError,
    SettingsText,
    read_settings,
)

EVERYTHING = """\
targets = ["cp311-manylinux_2_28_x86_64", "here"]
min-age = "7d"
min-age-for = { our-lib = "0d" }
hashes = "targets"
extras = ["fast"]
groups = ["dev"]
constraints = ["limits.txt"]
only-binary = [":all:"]
no-binary = ["foo"]
annotate-files = true
build-output = "build.txt"
allow-build = ["old"]
vetting = "vetting"
require-examined = "safe-to-deploy"
build-path = ["/usr/include"]

[build-requirements]
numpy = "setuptools<70"
scipy = ["meson", "ninja"]

[indexes.corp]
url = "https://${TOKEN}@index.example/simple"
projects = ["corp-*"]

[bundle]
requirements = ["requirements.txt"]
build-constraints = ["build.txt"]
peep = false
advisories = "all.zip"

[audit]
max-age = "3d"
fail-on = "high"
without-fix = "warn"
longest-suppression = "90d"
private = ["acme-*"]
snapshot-sha256 = "sha256:%s"
advisories-url = "https://advisories.example/"
refuse-malware = true
""" % ("A" * 64)


def own(text: str) -> Settings:
    return read_settings(None, SettingsText("peep.toml", text))


def project(text: str) -> Settings:
    return read_settings(SettingsText("pyproject.toml", text), None)


def test_every_key_is_read():
    found = own(EVERYTHING)
    assert found.targets == ("cp311-manylinux_2_28_x86_64", "here")
    assert (found.min_age, found.min_age_for, found.hashes) == ("7d", {"our-lib": "0d"}, "targets")
    assert (found.extras, found.groups, found.constraints) == (("fast",), ("dev",), ("limits.txt",))
    assert (found.only_binary, found.no_binary, found.annotate_files) == ((":all:",), ("foo",), True)
    assert (found.build_output, found.allow_build, found.vetting) == ("build.txt", ("old",), "vetting")
    assert (found.require_examined, found.build_path) == ("safe-to-deploy", ("/usr/include",))
    assert found.build_requirements == {"numpy": ("setuptools<70",), "scipy": ("meson", "ninja")}
    assert found.indexes == (IndexSetting("corp", "https://${TOKEN}@index.example/simple", ("corp-*",)),)
    assert found.bundle == BundleSettings(("requirements.txt",), ("build.txt",), peep=False, advisories="all.zip")
    assert found.audit == AuditSettings(
        "3d", "high", "warn", "90d", ("acme-*",), "a" * 64, "https://advisories.example/", refuse_malware=True
    )
    stated = {key.replace("indexes.corp", "indexes.NAME") for key in found.locations}
    assert stated == set(KNOWN_KEYS)


def test_both_places_mean_the_same():
    nested = EVERYTHING.replace("\n[", "\n[tool.peep.")
    inside = project(f"[project]\nname = 'x'\n[tool.peep]\n{nested}")
    outside = own(EVERYTHING)
    assert inside.audit == outside.audit
    assert inside.indexes == outside.indexes
    assert inside.build_requirements == outside.build_requirements
    assert str(inside.locations["targets"]) == "pyproject.toml:4"
    assert str(outside.locations["audit.max-age"]) == f"peep.toml:{EVERYTHING.splitlines().index('[audit]') + 2}"


def test_without_settings_there_are_defaults():
    assert read_settings(None, None) == Settings()
    assert project("[project]\nname = 'x'\n[tool.other]\npeep = 1\n") == Settings()


def test_two_places_at_once_are_refused_and_both_named():
    with pytest.raises(SettingsError) as caught:
        read_settings(SettingsText("pyproject.toml", "[tool.peep]\n"), SettingsText("peep.toml", ""))
    assert caught.value.exit_status == 2
    assert str(caught.value).startswith("pyproject.toml:1: [tool.peep] is here and peep.toml is there too")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("target = []", "peep.toml:1: target: there is no such key; there are allow-build, annotate-files"),
        ("\n\ntargets = 'cp311'", "peep.toml:3: targets: wants a list of texts"),
        ("targets = [1]", "peep.toml:1: targets: wants a text"),
        ("targets = ['']", "peep.toml:1: targets: wants a text that isn't empty"),
        ("min-age = 7", "peep.toml:1: min-age: wants a text"),
        ("hashes = 'some'", "peep.toml:1: hashes: wants one of all, targets"),
        ("annotate-files = 'yes'", "peep.toml:1: annotate-files: wants true or false"),
        ("[audit]\nfail_on = 'low'", "peep.toml:2: audit.fail_on: there is no such key"),
        ("[audit]\nfail-on = 'lowest'", "peep.toml:2: audit.fail-on: wants one of low, medium, high, critical"),
        ("[audit]\nsnapshot-sha256 = 'abc'", "peep.toml:2: audit.snapshot-sha256: wants the 64 hexadecimal digits"),
        ("audit = 1", "peep.toml:1: audit: wants a table"),
        ("audit.max-age = 1", "peep.toml:1: audit.max-age: wants a text"),
        ("[indexes.corp]\nprojects = []", "peep.toml:1: indexes.corp: has no url"),
        ("[indexes]\ncorp = 'https://x.example'", "peep.toml:2: indexes.corp: wants a table with url and projects"),
        ("indexes = []", "peep.toml:1: indexes: wants a table for each index"),
        ("[indexes.corp]\nurl = 'u'\nproject = []", "peep.toml:3: indexes.corp.project: there is no such key"),
        ("[build-requirements]\n'a b' = []", "peep.toml:1: build-requirements: wants names, and 'a b' is none"),
        ("min-age-for = { a = 1 }", "peep.toml:1: min-age-for: wants a text"),
        ("x = ", "peep.toml:1: this is no TOML"),
        ("a = 1\nb = [", "peep.toml:2: this is no TOML"),
        (
            'vetting = "a\\u001bb"',
            "peep.toml:1: vetting: wants a text that isn't empty and holds no control characters",
        ),
    ],
)
def test_what_means_nothing_is_told_with_its_line(text, told):
    with pytest.raises(SettingsError) as caught:
        own(text)
    assert str(caught.value).startswith(told)


def test_all_faults_are_told_at_once():
    with pytest.raises(SettingsError) as caught:
        own("zzz = 1\ntargets = 1\n[audit]\nprivate = 'x'\n")
    assert [line.partition(": ")[0] for line in str(caught.value).splitlines()] == [
        "peep.toml:1",
        "peep.toml:2",
        "peep.toml:4",
    ]


def test_a_table_that_is_none_is_refused():
    with pytest.raises(SettingsError, match=r"pyproject\.toml:2: tool\.peep wants a table"):
        project("[tool]\npeep = 'yes'\n")


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text):
    try:
        found = own(text)
    except SettingsError as error:
        found = error
    assert isinstance(found, Settings) or found.faults
