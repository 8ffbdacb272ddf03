"""Pins that are pointed to archives which lie there already."""

from __future__ import annotations

from peep.model import FormatControl, ListedFile
from peep.pipeline.at_hand import ArchivesAtHand
from support.pins import digest, made_up, pinned, target

BODY, OTHER = b"a wheel, as far as anybody looks", b"a source archive"
WHEEL, SDIST = "demo-1.0-py3-none-any.whl", "demo-1.0.tar.gz"


def pointed(folder, pin):
    [got] = ArchivesAtHand(str(folder)).pointed([pin], target(), FormatControl())
    return [file.path for file in got.listed_files]


def test_a_listed_wheel_is_pointed_to(tmp_path):
    (tmp_path / WHEEL).write_bytes(BODY)
    for algorithm in ("sha256", "sha384", "sha512"):
        pin = pinned("demo==1.0", digest(BODY, algorithm), made_up("a"))
        assert pointed(tmp_path, pin) == [str(tmp_path / WHEEL)]


def test_other_bytes_another_project_and_another_platform_are_not(tmp_path):
    (tmp_path / WHEEL).write_bytes(BODY)
    assert pointed(tmp_path, pinned("demo==1.0", digest(OTHER))) == []
    assert pointed(tmp_path, pinned("other==1.0", digest(BODY))) == []
    assert pointed(tmp_path, pinned("demo==1.0")) == []
    (tmp_path / WHEEL).rename(tmp_path / "demo-1.0-cp311-cp311-win_amd64.whl")
    assert pointed(tmp_path, pinned("demo==1.0", digest(BODY))) == []


def test_a_source_archive_is_enough_only_if_nothing_else_is_listed(tmp_path):
    (tmp_path / SDIST).write_bytes(OTHER)
    assert pointed(tmp_path, pinned("demo==1.0", digest(OTHER))) == [str(tmp_path / SDIST)]
    assert pointed(tmp_path, pinned("demo==1.0", digest(OTHER), digest(OTHER, "sha512"))) == [str(tmp_path / SDIST)]
    assert pointed(tmp_path, pinned("demo==1.0", digest(OTHER), digest(BODY))) == []


def test_a_direct_url_by_its_file_name(tmp_path):
    (tmp_path / SDIST).write_bytes(OTHER)
    pin = pinned(f"demo @ https://x.example/{SDIST}", digest(OTHER), digest(BODY))
    assert pointed(tmp_path, pin) == [str(tmp_path / SDIST)]
    assert pointed(tmp_path, pinned("demo @ https://x.example/demo.zip", digest(OTHER))) == []


def test_files_of_a_lock_each_by_its_name(tmp_path):
    (tmp_path / WHEEL).write_bytes(BODY)
    files = (
        ListedFile(WHEEL, (digest(BODY),), url=f"https://x.example/{WHEEL}"),
        ListedFile(SDIST, (digest(OTHER),), url=f"https://x.example/{SDIST}"),
    )
    assert pointed(tmp_path, pinned("demo==1.0", listed_files=files)) == [str(tmp_path / WHEEL), None]


def test_what_is_no_file_is_left_alone(tmp_path):
    (tmp_path / WHEEL).mkdir()
    (tmp_path / SDIST).symlink_to(tmp_path / "nowhere")
    assert pointed(tmp_path, pinned("demo==1.0", digest(BODY))) == []
    assert pointed(tmp_path / "absent", pinned("demo==1.0", digest(BODY))) == []
