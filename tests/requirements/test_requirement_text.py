import pytest

from peep.model import Digest
from peep.requirements.requirement_text import MalformedRequirement, RequirementKind, parse_requirement_text
from support.requirements_files import HEX_A

URL = "https://x.example/archive/6e92e41.tar.gz"


@pytest.mark.parametrize(
    ("text", "name", "version", "extras", "marker"),
    [
        ("flask==3.1.0", "flask", "3.1.0", (), ""),
        ("Flask == 3.1.0", "Flask", "3.1.0", (), ""),
        ("flask===3.1.0", "flask", "3.1.0", (), ""),
        ("flask (==3.1.0)", "flask", "3.1.0", (), ""),
        ("flask[Async,dot_env] ==3.1.0", "flask", "3.1.0", ("async", "dot-env"), ""),
        ("flask [async] == 3.1.0 ; python_version < '3'", "flask", "3.1.0", ("async",), "python_version < '3'"),
        ("flask==3.1.0;python_version<'3'", "flask", "3.1.0", (), "python_version<'3'"),
        ("a.b-c_d==1!2.0.post1+local.1", "a.b-c_d", "1!2.0.post1+local.1", (), ""),
        ("pytz==2012j", "pytz", "2012j", (), ""),
        ("sqlalchemy-citext==1.0-2", "sqlalchemy-citext", "1.0-2", (), ""),
        ("flask", "flask", None, (), ""),
        ("flask[]", "flask", None, (), ""),
        ("flask==3.*", "flask", None, (), ""),
        ("flask>=3,<4", "flask", None, (), ""),
        ("flask==3.0,!=3.1", "flask", "3.0", (), ""),
        ("flask~=3.0", "flask", None, (), ""),
    ],
)
def test_r12_takes_names_and_pins(text, name, version, extras, marker):
    parsed = parse_requirement_text(text)

    assert parsed.kind is RequirementKind.VERSION
    assert (parsed.name, parsed.version, parsed.extras, parsed.marker) == (name, version, extras, marker)
    assert parsed.arbitrary_equality == ("===" in text)


@pytest.mark.parametrize(
    ("text", "kind", "name", "location"),
    [
        (f"{URL}#egg=rest", RequirementKind.ARCHIVE_URL, "rest", URL),
        (f"{URL}#egg=rest==1.0", RequirementKind.ARCHIVE_URL, "rest", URL),
        (URL, RequirementKind.ARCHIVE_URL, "", URL),
        (f"rest @ {URL}", RequirementKind.ARCHIVE_URL, "rest", URL),
        (f"rest@{URL}", RequirementKind.ARCHIVE_URL, "rest", URL),
        (
            "https://x.example/a_b-1.0-py3-none-any.whl",
            RequirementKind.ARCHIVE_URL,
            "a_b",
            "https://x.example/a_b-1.0-py3-none-any.whl",
        ),
        ("https://x.example/a-b-1.0.zip", RequirementKind.ARCHIVE_URL, "a-b", "https://x.example/a-b-1.0.zip"),
        ("https://x.example/v1.0.zip", RequirementKind.ARCHIVE_URL, "", "https://x.example/v1.0.zip"),
        ("HTTPS://x.example/a-1.0.zip", RequirementKind.ARCHIVE_URL, "a", "HTTPS://x.example/a-1.0.zip"),
        ("file:///srv/a-1.0.tar.gz", RequirementKind.ARCHIVE_URL, "a", "file:///srv/a-1.0.tar.gz"),
        ("file:///srv/project", RequirementKind.LOCAL_PROJECT, "", "file:///srv/project"),
        ("file:.#egg=here", RequirementKind.LOCAL_PROJECT, "here", "file:."),
        ("git+https://x.example/a.git@main#egg=a", RequirementKind.REPOSITORY, "a", "git+https://x.example/a.git@main"),
        ("git+ssh://git@x.example/a.git", RequirementKind.REPOSITORY, "", "git+ssh://git@x.example/a.git"),
        ("git://x.example/a.git@v1#egg=a", RequirementKind.REPOSITORY, "a", "git://x.example/a.git@v1"),
        ("a @ git+https://x.example/a.git", RequirementKind.REPOSITORY, "a", "git+https://x.example/a.git"),
        (".", RequirementKind.LOCAL_PROJECT, "", "."),
        ("./a/b", RequirementKind.LOCAL_PROJECT, "", "./a/b"),
        ("..\\a", RequirementKind.LOCAL_PROJECT, "", "..\\a"),
        ("./a-1.0.tar.gz", RequirementKind.LOCAL_ARCHIVE, "a", "./a-1.0.tar.gz"),
        ("a-1.0.tar.gz", RequirementKind.LOCAL_ARCHIVE, "a", "a-1.0.tar.gz"),
        ("a-1.0-py3-none-any.whl", RequirementKind.LOCAL_ARCHIVE, "a", "a-1.0-py3-none-any.whl"),
        (".model/en_core-3.4.1.tar.gz", RequirementKind.LOCAL_ARCHIVE, "en_core", ".model/en_core-3.4.1.tar.gz"),
    ],
)
def test_takes_direct_sources(text, kind, name, location):
    parsed = parse_requirement_text(text)

    assert (parsed.kind, parsed.name, parsed.location) == (kind, name, location)


def test_reads_the_fragment():
    parsed = parse_requirement_text(f"{URL}#egg=a[x,y]&subdirectory=src/a&sha256={HEX_A}&md5=00")

    assert (parsed.name, parsed.extras, parsed.subdirectory) == ("a", ("x", "y"), "src/a")
    assert parsed.hashes == (Digest("sha256", HEX_A),)
    assert parsed.location == URL
    assert parsed.remarks == ("&md5= is not counted: of several hashes of a URL the first one is, as in pip",)
    parsed = parse_requirement_text(f"{URL}#md5=00&sha256={HEX_A}")
    assert parsed.hashes == ()
    assert parsed.remarks[0] == "#md5= vouches for nothing and is not counted"


@pytest.mark.parametrize(
    "text", [f"{URL}#egg=a ; os_name=='nt'", f"{URL}#egg=a; os_name=='nt'", f"a @ {URL} ; os_name=='nt'"]
)
def test_a_marker_follows_a_url_after_white_space(text):
    parsed = parse_requirement_text(text)

    assert (parsed.name, parsed.location, parsed.marker) == ("a", URL, "os_name=='nt'")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "=1.0",
        ">=1.0.0",
        "flask==",
        "flask=1.0",
        "flask==1.0 bar==2.0",
        "flask==1.0#comment",
        "flask=='1.0'",
        "flask==5.*.*",
        "flask ;",
        "flask[a b]==1",
        "flask[platform:rpm test]",
        "4 + 4 = 2",
        "foo|bar==1",
        "{{ cookiecutter.name }}",
        "%if x -%}",
        "-flask==1.0",
        "flask-==1.0",
        "flask==1.0 \\",
        "flask==1.0\t--hash=sha256:x",
        "flask @ not-a-url",
        "git@x.example:a/b.git",
        "ftp://x.example/a-1.0.zip",
        "https:///a-1.0.zip",
        "https://x.example:port/a-1.0.zip",
        "https://[x/a-1.0.zip",
        "https://x.example/a b-1.0.zip",
        f"{URL}#egg=a b",
        f"{URL}#egg=../a",
        f"{URL}#egg=a&sha256=",
        f"{URL}#egg=a&sha256={HEX_A[:-1]}",
        f"a @ {URL}#egg=b",
    ],
)
def test_refuses_what_is_no_requirement(text):
    with pytest.raises(MalformedRequirement):
        parse_requirement_text(text)


@pytest.mark.parametrize("folder", ["../x", "a/../../x", "/etc", "\\x", "..\\x", "C:/x", "%2e%2e/x", "a%2f..%2f.."])
def test_t16_a_subdirectory_stays_inside(folder):
    with pytest.raises(MalformedRequirement, match="leads out"):
        parse_requirement_text(f"{URL}#egg=a&subdirectory={folder}")
