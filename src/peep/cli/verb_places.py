"""Names of verbs: peep's with what they are for, by their places in the circle, and pip's."""

from __future__ import annotations

PLACES: tuple[tuple[str, dict[str, str]], ...] = (
    (
        "Make the list",
        {
            "lock": "choose versions for every declared target, list them with hashes",
            "add": "put a project into a list with hashes, or into a source and lock",
            "convert": "write one lock file as another, and tell what is lost",
            "port": "turn hashes in comments into pip's --hash options, or back",
            "hash": "print the lines that vouch for archives",
            "check": "tell whether a list is complete for every declared target",
        },
    ),
    (
        "Examine what it lists",
        {
            "diff": "show what changed in a release, in the order it would run",
            "examine": "say of every listed archive whether somebody examined it",
            "certify": "record that you examined a version, bound to its archives",
            "vetting": "keep the records of what was examined",
        },
    ),
    (
        "Install only that",
        {
            "install": "verify what requirements files list, then install just that",
            "sync": "install what requirements files list, and remove what they do not",
            "download": "verify what requirements files list, and keep the archives",
            "wheel": "verify what requirements files list, and make wheels of it",
        },
    ),
    (
        "Prove it",
        {
            "verify": "prove that an environment is what was vetted, file by file",
            "digest": "print one sha256 for all that is installed in an environment",
            "inventory": "print what is installed, with the archives it came from (SBOM)",
            "freeze": "write an environment back as a requirements file with hashes",
        },
    ),
    (
        "Watch it",
        {
            "audit": "tell what is known of pins: malware, vulnerabilities, withdrawals",
            "advisories": "look after the snapshot of advisories that audits judge by",
        },
    ),
    (
        "Carry it to where there is no network",
        {
            "bundle": "carry everything that an install needs to where no network is",
            "mirror": "keep a private index of static files, whose names have owners",
        },
    ),
    (
        "Around it",
        {
            "status": "tell where the project in this folder stands, and what comes next",
            "check-wheel": "say everything that is wrong with wheels",
            "store": "look after the store of unpacked wheels",
            "embed": "make one file of all that peep is, to commit into a source tree",
            "completion": "print a script that completes peep's and pip's words in a shell",
            "help": "explain peep, or one verb",
        },
    ),
)
"""peep's verbs with what each is for, by their places in the circle: help prints this without loading any of them."""

SHARED_VERBS = ("check", "download", "freeze", "wheel")
"""peep's when they read requirements or lock files or are asked for hashes, which pip would not see."""

VERBS = tuple(sorted(verb for _, verbs in PLACES for verb in verbs if verb not in SHARED_VERBS))
"""peep's own, whatever follows."""

SUMMARIES = {verb: summary for _, verbs in PLACES for verb, summary in verbs.items()}
"""What each of peep's verbs is for: one line, lower case."""

PIPS_VERBS = ("cache", "config", "debug", "index", "inspect", "list", "search", "show", "uninstall")
"""Verbs that pip has and peep does not; whatever else is given goes to pip as well."""
