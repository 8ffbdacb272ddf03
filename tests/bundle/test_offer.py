"""A bundle in the place of an index."""

import pytest

from peep.bundle.offer import BundleOffer, BundleTransport
from peep.bundle.tree import FilesTree
from peep.dataclass import replace
from peep.errors import TransportError
from peep.index.selection import select_candidate
from peep.model import Candidate, Digest, FormatControl, ListedFile
from support.pins import made_up, pinned, target
from support.small_bundle import SDIST, WHEEL, small_bundle

MANIFEST, CONTENTS = small_bundle()
OFFER = BundleOffer(MANIFEST, "file:///srv/bundle")
DEMO = next(one for one in MANIFEST.archives if one.filename == WHEEL)
DIGEST = Digest("sha256", DEMO.sha256)


def transport(paths):
    return BundleTransport(FilesTree(CONTENTS, "the bundle"), paths)


def fetched(url, paths):
    with transport(paths).get(url) as response:
        return response.read(1 << 20)


def test_a_project_is_offered_with_the_url_that_it_came_from():
    [detail] = OFFER.project("demo")
    [file] = detail.files
    assert (file.filename, file.url, file.hashes) == (WHEEL, f"https://files.example/{WHEEL}", (DIGEST,))
    assert OFFER.project("unknown") == ()
    assert OFFER.answers("demo").failures == ()
    chosen = select_candidate(pinned("demo==1.0", DIGEST), OFFER.project("demo"), target(), FormatControl())
    assert isinstance(chosen, Candidate)
    assert fetched(chosen.file.url, OFFER.paths) == CONTENTS[DEMO.path]


def test_an_archive_without_a_url_of_its_own_lies_in_the_bundle():
    manifest = replace(MANIFEST, archives=tuple(replace(one, url=None) for one in MANIFEST.archives))
    offer = BundleOffer(manifest, "file:///srv/bundle")
    [file] = offer.project("demo")[0].files
    assert file.url == f"file:///srv/bundle/archives/{WHEEL}"
    assert fetched(file.url, offer.paths) == CONTENTS[DEMO.path]


def test_files_of_a_lock_are_found_by_digest_and_the_rest_left_out():
    files = (
        ListedFile("renamed.whl", (DIGEST,), path="/elsewhere/renamed.whl"),
        ListedFile("other.whl", (made_up("a"),), url="https://x.example/other.whl"),
    )
    placed, paths = OFFER.placed(pinned("demo==1.0", listed_files=files))
    [file] = placed.listed_files
    assert (file.filename, file.path, file.url) == ("renamed.whl", None, f"https://files.example/{WHEEL}")
    assert fetched(file.url, paths) == CONTENTS[DEMO.path]


def test_a_url_of_a_lock_stays_what_is_recorded():
    files = (ListedFile(WHEEL, (DIGEST,), url="https://mirror.example/x.whl"),)
    placed, paths = OFFER.placed(pinned("demo==1.0", listed_files=files))
    assert placed.listed_files[0].url == "https://mirror.example/x.whl"
    assert fetched("https://mirror.example/x.whl", paths) == CONTENTS[DEMO.path]


def test_a_direct_url_stands_for_the_archive_of_its_hash():
    pin = pinned("demo @ https://git.example/any.zip", DIGEST)
    placed, paths = OFFER.placed(pin)
    assert placed == pin
    assert fetched(pin.url, paths) == CONTENTS[DEMO.path]
    assert OFFER.placed(pinned("demo @ https://git.example/any.zip", made_up("b")))[1] == {}


def test_a_pin_of_which_nothing_is_there_is_left_as_it_was():
    pin = pinned("demo==1.0", listed_files=(ListedFile(WHEEL, (made_up("a"),), url="https://x.example/y.whl"),))
    assert OFFER.placed(pin) == (pin, {})
    assert OFFER.placed(pinned("demo==1.0", DIGEST)) == (pinned("demo==1.0", DIGEST), {})


def test_nobody_is_asked_for_what_is_not_there():
    with pytest.raises(TransportError, match="nobody else is asked"):
        fetched("https://files.example/absent.whl", OFFER.paths)
    gone = BundleTransport(FilesTree({}, "the bundle"), OFFER.paths)
    with pytest.raises(TransportError, match=f"archives/{SDIST}"), gone.get(f"https://files.example/{SDIST}"):
        pass
