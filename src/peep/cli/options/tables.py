"""Tables of options by subject; those that pip has keep pip's names and meaning."""

from __future__ import annotations

from peep.cli.options.option import Option, OptionKind, OptionSupport
from peep.pip.features import FEATURES

FLAG, COUNT, VALUE, LIST = OptionKind.FLAG, OptionKind.COUNT, OptionKind.VALUE, OptionKind.LIST
OBSOLETE, IMPLIED, REFUSED = OptionSupport.OBSOLETE, OptionSupport.IMPLIED, OptionSupport.REFUSED

GENERAL = (
    Option(("-h", "--help"), "show this help"),
    Option(("-q", "--quiet"), "say less; twice: errors only", COUNT),
    Option(("-v", "--verbose"), "say more, such as why a file was not chosen", COUNT),
    Option(("--log", "--log-file", "--local-log"), "append every message to FILE", VALUE, "FILE"),
    Option(("--no-color",), "no colours"),
    Option(("--isolated",), "ignore PIP_* and PEEP_* variables and pip's configuration files"),
    Option(("--no-input",), "never ask anything"),
    Option(("--debug",), "show the traceback of expected errors, too"),
    Option(("--disable-pip-version-check", "--no-python-version-warning"), "peep never does that", standing=IMPLIED),
)

SOURCES = (
    Option(
        ("-r", "--requirement"),
        "read FILE: requirements, or a pylock.toml; a path, a URL, or - for standard input",
        LIST,
        "FILE",
    ),
    Option(("-c", "--constraint"), "take versions and hashes from FILE for what -r leaves open", LIST, "FILE"),
    Option(("--extra",), "with that extra of a pylock.toml", LIST, "NAME", is_peeps_own=True),
    Option(("--group",), "with that dependency group of a pylock.toml", LIST, "NAME"),
    Option(("-e", "--editable"), "a local project, installed in place; needs --trust-local", LIST, "FOLDER"),
    Option(("--require-hashes", "--no-deps", "--no-dependencies"), "peep always does", standing=IMPLIED),
)

BUNDLE = (
    Option(
        ("--bundle",),
        "take archives out of a bundle: a folder, tar or URL; no index and no pip is asked",
        VALUE,
        "PLACE",
        is_peeps_own=True,
    ),
    Option(
        ("--bundle-digest",),
        "the bundle's digest; its own requirements are then installed where none are named",
        VALUE,
        "DIGEST",
        is_peeps_own=True,
    ),
)

ARCHIVES = (
    Option(
        ("--archives",),
        "ask URL/AA/SHA256/FILENAME before an index's own file; never trusted",
        VALUE,
        "URL",
        is_peeps_own=True,
    ),
)

INDEX_PLACES = (
    Option(("-i", "--index-url", "--pypi-url"), "the package index", VALUE, "URL"),
    Option(("--extra-index-url",), "a further package index", LIST, "URL"),
    Option(("--no-index",), "ask no index, only --find-links"),
    Option(("-f", "--find-links"), "look for archives in a folder or on a page, too", LIST, "URL"),
)

FORMATS = (
    Option(("--no-binary",), "no wheels of these projects; :all:, :none:, or names with commas", LIST, "NAMES"),
    Option(("--only-binary",), "only wheels of these projects; :all:, :none:, or names with commas", LIST, "NAMES"),
)

INDEXES = (
    *BUNDLE,
    *ARCHIVES,
    *INDEX_PLACES,
    *FORMATS,
    Option(("--pre", "--prefer-binary", "--check-build-dependencies"), "pins and hashes decide", standing=IMPLIED),
    Option(("--all-releases",), "pins and hashes decide", LIST, "NAMES", standing=IMPLIED),
    Option(("--refresh-package",), "peep answers no question from an old page", LIST, "NAMES", standing=IMPLIED),
    Option(("--only-final",), "pins and hashes decide, not the kind of release", LIST, "NAMES", standing=OBSOLETE),
    Option(("--uploaded-prior-to",), "pins and hashes decide, not dates", VALUE, "DATE", standing=OBSOLETE),
)

NETWORK = (
    Option(("--proxy",), "scheme://[user:password@]host:port", VALUE, "URL"),
    Option(("--no-proxy-env",), "ignore the *_PROXY variables"),
    Option(("--retries",), "how often to try again after a passing fault", VALUE, "N"),
    Option(("--timeout", "--default-timeout"), "seconds to wait for an answer", VALUE, "SECONDS"),
    Option(("--cert",), "certificates (PEM) to trust instead of the system's", VALUE, "FILE"),
    Option(("--client-cert",), "certificate and key (PEM) to show", VALUE, "FILE"),
    Option(("--trusted-host",), "do not check the certificate of that host", LIST, "HOST"),
    Option(
        ("--keyring-provider",),
        "where credentials may come from",
        VALUE,
        "KIND",
        ("auto", "disabled", "import", "subprocess"),
    ),
    Option(("--resume-retries",), "counted by --retries", VALUE, "N", standing=IMPLIED),
)

INTERPRETER = (
    Option(("--python",), "an interpreter, or the folder of a virtual environment", VALUE, "PATH"),
    Option(("--require-virtualenv", "--require-venv"), "refuse anything but a virtual environment"),
)

TARGET = (
    *INTERPRETER,
    Option(("-t", "--target"), "FOLDER instead of an environment, for import only", VALUE, "FOLDER"),
    Option(("--prefix",), "what is below FOLDER: FOLDER/lib, FOLDER/bin …", VALUE, "FOLDER"),
    Option(("--root",), "put every path below FOLDER", VALUE, "FOLDER"),
    Option(("--user",), "the place of the current user"),
    Option(("--no-user",), "not so, whatever a variable says"),
    Option(("--break-system-packages",), "change an interpreter that the operating system manages"),
)

FOREIGN_TARGET = (
    Option(("--platform",), "choose wheels for that platform", LIST, "TAG"),
    Option(("--python-version",), "choose files for that Python version", VALUE, "VERSION"),
    Option(("--implementation",), "choose wheels for that implementation: cp, pp, py", VALUE, "TAG"),
    Option(("--abi",), "choose wheels for that ABI", LIST, "TAG"),
    Option(("--ignore-requires-python",), "choose files that say they do not run on this Python, too"),
)

BUILD = (
    Option(("--build-constraint",), "pins and hashes of what building may install", LIST, "FILE"),
    Option(
        ("--build-requirement",),
        "what the build of NAME needs besides what it declares; pinned like all build tools",
        LIST,
        "'NAME: REQ'",
        is_peeps_own=True,
        has_variable=False,
    ),
    Option(
        ("--build-path",),
        "let builds see FOLDER, read-only, and find its programs: for compilers below the home folder",
        LIST,
        "FOLDER",
        is_peeps_own=True,
    ),
    Option(("-C", "--config-settings", "--config-setting"), "KEY=VALUE for the build backend", LIST, "KEY=VALUE"),
    Option(("--no-build-isolation",), "build with what is installed in the target", is_inverted=True),
    Option(("--require-sandbox",), "refuse to build where no sandbox can be had", is_peeps_own=True),
    Option(("--no-sandbox",), "build without a sandbox", is_peeps_own=True),
    Option(
        ("--trust-local",),
        "build projects in or below FOLDER, which no hash vouches for",
        LIST,
        "FOLDER",
        is_peeps_own=True,
    ),
    Option(("--use-pep517",), "peep always does", standing=IMPLIED),
    Option(("--no-use-pep517",), "peep builds through PEP 517 backends only", standing=OBSOLETE),
    Option(("--no-clean",), "build folders are always private and removed", standing=OBSOLETE),
    Option(("--global-option",), "use --config-settings", LIST, "OPTION", standing=REFUSED),
    Option(("--install-option",), "no such step is left", LIST, "OPTION", standing=REFUSED),
    Option(
        ("--src", "--source", "--source-dir", "--source-directory"),
        "peep checks out nothing to keep",
        VALUE,
        "FOLDER",
        standing=IMPLIED,
    ),
)

ALLOW_RECORD_MISMATCH = Option(
    ("--allow-record-mismatch",), "accept a wheel of NAME that contradicts its RECORD", LIST, "NAME", is_peeps_own=True
)

VETTING = Option(("--vetting",), "the folder of the records", VALUE, "DIR", is_peeps_own=True)

EXAMINED = (
    Option(
        ("--require-examined",),
        "use nothing but what somebody examined, by the records in vetting/",
        OptionKind.OPTIONAL,
        "CRITERION",
        is_peeps_own=True,
    ),
    VETTING,
)

CHECKS = (
    *EXAMINED,
    Option(("--no-check-dependencies",), "do not insist that what the projects require is listed", is_peeps_own=True),
    Option(("--refuse-malware",), "refuse what the fetched advisories list as malware", is_peeps_own=True),
    Option(("--advisories",), "judge malware by FILE, not by the fetched advisories", LIST, "FILE", has_variable=False),
    ALLOW_RECORD_MISMATCH,
)

NOT_HERE = (
    Option(("--exists-action",), "nothing is ever asked", LIST, "ACTION", standing=IMPLIED),
    Option(("--only-deps", "--only-dependencies"), "peep resolves nothing; list what to install", standing=REFUSED),
    Option(("--requirements-from-script",), "scripts list no hashes", VALUE, "FILE", standing=REFUSED),
    Option(("--no-require-hashes",), "hashes are what peep is for", standing=REFUSED),
    Option(("--use-feature",), "features of pip's own", LIST, "NAME", FEATURES, standing=OBSOLETE),
    Option(
        ("--use-deprecated",),
        "peep has no such behaviour to go back to",
        LIST,
        "NAME",
        ("legacy-resolver", "legacy-certs"),
        standing=OBSOLETE,
    ),
)
"""What pip's install, download and wheel take besides, and can mean nothing here."""

CHANGES = (
    Option(("--force-reinstall",), "replace what is installed, even if it is the same"),
    Option(("-I", "--ignore-installed"), "as if nothing were installed"),
    Option(
        ("--trust-installed",),
        "an installed project of the right version will do, listed or only required",
        is_peeps_own=True,
    ),
    *CHECKS,
    Option(
        ("--allow-file-conflict",),
        "where NAME and another project bring different files to one place, install the other's",
        LIST,
        "NAME",
        is_peeps_own=True,
    ),
    Option(
        ("--link-mode",),
        "how files get from the store into the environment",
        VALUE,
        "MODE",
        ("clone", "hardlink", "copy"),
        is_peeps_own=True,
    ),
    Option(("--compile",), "compile to bytecode"),
    Option(("--no-compile",), "do not compile to bytecode", is_inverted=True),
    Option(("--dry-run",), "say what would be done and built, and do not do it"),
    Option(("--with-builds",), "with --dry-run: build what has to be built, too", is_peeps_own=True),
    Option(("--report",), "write pip's installation report (JSON) to FILE; - for standard output", VALUE, "FILE"),
    Option(("-U", "--upgrade"), "what is not as listed is always replaced", standing=IMPLIED),
    Option(("--upgrade-strategy",), "pins decide", VALUE, "NAME", standing=IMPLIED),
    Option(("--no-warn-script-location",), "peep never warns of that", standing=IMPLIED, is_inverted=True),
    Option(("--root-user-action",), "peep never warns of that", VALUE, "ACTION", standing=IMPLIED),
    Option(("--no-warn-conflicts",), "use --no-check-dependencies", standing=IMPLIED, is_inverted=True),
    *NOT_HERE,
)

STORE = (
    Option(("--store",), "where unpacked wheels are kept, instead of PEEP_STORE", VALUE, "FOLDER", has_variable=False),
    Option(("--cache-dir",), "keep the store in FOLDER/peep", VALUE, "FOLDER", has_variable=False),
    Option(("--no-cache-dir",), "a store for this run alone"),
)

PROGRESS = (
    Option(
        ("--progress-bar",),
        "whether to show progress",
        VALUE,
        "KIND",
        ("auto", "on", "off", "raw", "ascii", "pretty", "emoji"),
    ),
)

REMOVED_FROM_PIP = (
    Option(("--no-use-wheel",), "the same as --no-binary :all:"),
    Option(
        (
            "-M",
            "--use-mirrors",
            "--use-wheel",
            "--process-dependency-links",
            "--egg",
            "--allow-all-external",
            "--no-allow-external",
            "--no-allow-insecure",
            "--always-unzip",
        ),
        standing=OBSOLETE,
    ),
    Option(
        ("--mirrors", "--allow-external", "--allow-unverified", "--allow-insecure", "--skip-requirements-regex"),
        "",
        LIST,
        "TEXT",
        standing=OBSOLETE,
    ),
    Option(
        ("-b", "--build", "--build-dir", "--build-directory", "--download-cache"),
        "",
        VALUE,
        "FOLDER",
        standing=OBSOLETE,
    ),
)


def format_option(*choices: str) -> tuple[Option, ...]:
    """`--format`, with the choices of a verb, the default first."""
    return (Option(("--format",), "how to print", VALUE, "FORMAT", choices, is_peeps_own=True),)


DECLARED_TARGETS = (Option(("--target",), "for that INTERPRETER-PLATFORM, or here", LIST, "ID", has_variable=False),)

OFFLINE = (Option(("--offline",), "ask nobody; what was kept from earlier runs has to do", is_peeps_own=True),)

MIN_AGE = (
    Option(
        ("--min-age", "--exclude-newer", "--uploaded-prior-to"),
        "choose and list nothing younger: 7d, 36h, P7D, a date, a time; NAME=AGE for one project",
        LIST,
        "AGE",
        has_variable=False,
    ),
)

PROJECT_PARTS = (
    Option(("--extra",), "with that extra of the project", LIST, "NAME", has_variable=False),
    Option(("--group",), "with that dependency group", LIST, "NAME", has_variable=False),
    Option(("--all-groups",), "with all of them", has_variable=False),
)
