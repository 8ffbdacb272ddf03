"""Rules by name: grade and meaning of everything that a signal can say."""

from __future__ import annotations

from peep.dataclass import dataclass

STOP = "stop"
LOOK = "look"
NOTE = "note"
"""Grades: `stop` asks for a sentence before anybody certifies, `look` wants a look, `note` is told."""


@dataclass(frozen=True, slots=True)
class Rule:
    grade: str
    meaning: str


def _rules(grade: str, text: str) -> dict[str, Rule]:
    pairs = (line.split(": ", 1) for line in text.strip().splitlines())
    return {name.strip(): Rule(grade, meaning) for name, meaning in pairs}


RULES: dict[str, Rule] = {
    **_rules(
        STOP,
        """
        startup-code: runs at every start of the interpreter
        wheel-only: stands in the wheel and nowhere in the sdist
        wheel-differs: is not what the sdist has at its path
        wheel-elsewhere: stands in the sdist at another path, where it would not run at this time
        import-process: starts a program when it is imported
        import-network: uses the network when it is imported
        code-decoded: runs code that it decodes or fetches first
        code-hidden-name: makes a name at run time that it could have written
        code-memory: makes code of bytes in memory, or writes into another program's
        code-remote-shell: joins a program's input and output to the network
        text-bidi: has characters that make a line read otherwise than it runs
        data-used-early: is data that build or import code names
        binary-in-pure: is native code in a wheel that says it has none
        requires-url: is a requirement that comes from a URL, not from an index
        requires-lookalike: is a new requirement that is called nearly like a well-known project
        command-shadow: is a command with the name of a known tool
        unread-code: runs early and could not be analysed
        commit-only: stands in no file of the commit
        commit-differs: is not what the commit has at its path
        provenance-lost: lacks a verified publisher that the release before had for such archives
        provenance-changed: has another verified publisher than before
        """,
    ),
    **_rules(
        LOOK,
        """
        startup-path: adds a folder to where every start of the interpreter looks for modules
        build-process: starts a program when it is built
        build-network: uses the network when it is built
        build-dynamic: runs text as code when it is built
        build-cmdclass: replaces a command of the build
        import-dynamic: runs text as code, or imports what it computed, when it is imported
        code-codec: is decoded by a codec that hides what it says
        import-deserialise: loads objects that may run code when it is imported
        import-hook: registers something that runs later, unasked
        import-patch: replaces a part of another project when it is imported
        code-computed: runs text as code that it reads or puts together first
        code-dynamic: runs text as code when it is called
        code-deserialise: loads objects that may run code when it is called
        code-installs: installs other projects
        code-publishes: publishes projects
        code-network-program: starts a program that reaches the network
        code-remote-command: starts a program that it decodes or is told of over the network
        code-unverified: does without a check of certificates or signatures
        code-captures: records keys, the clipboard, the screen or the camera
        code-fetched-program: uses the network, writes files and starts programs
        code-native-written: writes files and loads native code from a place that it computes
        code-libc: calls the C library beside Python
        import-path: adds a fixed folder to where modules are looked for
        code-loop-process: starts a program by way of an event loop
        import-browser: opens a browser when it is imported
        code-lazy-network: uses the network when a name is asked for
        text-invisible: has characters without a shape in code
        text-control: has control characters in code
        text-homoglyph: mixes alphabets that look alike in one name
        text-padding: has code far to the right, out of sight
        text-blob: has a long encoded text
        text-long-line: has a line that nobody can read
        secret-environ: takes the whole environment
        secret-variable: names a variable that holds credentials
        secret-file: names a file that holds credentials
        persistence: names a place from which programs are started
        host-exfil: names a service that takes data from anybody
        secret-store: asks a store of passwords
        secret-and-network: reads credentials and uses the network
        host-lookalike: names a host that is called nearly like the one it named before
        host-punycode: names a host in another alphabet
        host-address: names a host by its number
        opaque-data: is binary of no known format
        binary-in-sdist: is native code among sources
        bytecode: is compiled Python
        foreign-code: is a program in a language that the project did not ship before
        hidden-name: has a name that begins with a dot
        top-level-new: is a new name that can be imported
        data-outside: is put outside of the project's own folders
        requires-new: is a new requirement
        requires-disagree: is required by the wheel or by the sdist alone
        command-new: is a new command
        command-moved: is a command that runs something else now
        plugin-new: is a new plug-in of another program
        build-requires-new: is a new requirement of the build
        backend-changed: is another build backend than before
        backend-in-tree: is a build backend of the project's own
        made-differently: was made in another way than the release before
        binary-import: uses a function of the system that it did not use before
        binary-ifunc: chooses functions when it is loaded
        binary-overlay: has bytes after its end
        binary-runpath: looks for libraries in a folder of its own
        binary-no-build-id: has no build id any more
        """,
    ),
    **_rules(
        NOTE,
        """
        import-write: writes or deletes files when it is imported or built
        requires-extra: is a new requirement of an extra
        requires-gone: is no requirement any more
        requires-changed: is required in other versions
        command-gone: is no command any more
        python-changed: runs on other Pythons
        url-changed: has other addresses
        people-changed: names other people
        licence-changed: has another licence
        provenance-new: has a verified publisher now
        """,
    ),
}
"""Every rule: its grade, and what it says of a file, a line or a requirement ("PATH …")."""


def grade_of(rule: str) -> str:
    """`stop`, `look` or `note`."""
    return RULES[rule].grade
