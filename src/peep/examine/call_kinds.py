"""Kinds of notable calls by dotted name: processes, network, dynamic code, decoding and more.

Names are those of the standard library and of well-known projects, of Python 2 too, for `setup.py` still runs there.
"""

from __future__ import annotations

import re
from functools import lru_cache

_EXACT: dict[str, str] = {}


def _known(kind: str, names: str) -> None:
    for name in names.split():
        _EXACT[name] = kind


_known(
    "process",
    "os.system os.popen os.startfile os.fork os.forkpty pty.spawn pty.fork subprocess.run subprocess.call "
    "subprocess.check_call subprocess.check_output subprocess.Popen subprocess.getoutput subprocess.getstatusoutput "
    "asyncio.create_subprocess_exec asyncio.create_subprocess_shell asyncio.subprocess.create_subprocess_exec "
    "asyncio.subprocess.create_subprocess_shell multiprocessing.Process commands.getoutput commands.getstatusoutput "
    "popen2.popen2 popen2.popen3 _winapi.CreateProcess _posixsubprocess.fork_exec platform.popen posix.system "
    "nt.system pexpect.spawn pexpect.run sh.Command plumbum.local distutils.spawn.spawn concurrent.futures."
    "ProcessPoolExecutor win32api.ShellExecute win32process.CreateProcess",
)
_known(
    "network",
    "urllib.request.urlopen urllib.request.urlretrieve urllib.request.build_opener urllib.request.Request "
    "urllib.request.URLopener urllib.request.FancyURLopener urllib.urlopen urllib.urlretrieve urllib2.urlopen "
    "urllib2.Request urllib2.build_opener http.client.HTTPConnection http.client.HTTPSConnection "
    "httplib.HTTPConnection httplib.HTTPSConnection socket.socket socket.create_connection socket.create_server "
    "socket.getaddrinfo socket.gethostbyname socket.gethostbyname_ex _socket.socket asyncio.open_connection "
    "asyncio.start_server ftplib.FTP ftplib.FTP_TLS smtplib.SMTP smtplib.SMTP_SSL telnetlib.Telnet imaplib.IMAP4 "
    "imaplib.IMAP4_SSL poplib.POP3 poplib.POP3_SSL nntplib.NNTP xmlrpc.client.ServerProxy xmlrpclib.ServerProxy "
    "aiohttp.ClientSession aiohttp.request urllib3.PoolManager urllib3.request urllib3.HTTPConnectionPool "
    "urllib3.HTTPSConnectionPool urllib3.ProxyManager websocket.create_connection websocket.WebSocketApp "
    "websockets.connect paramiko.SSHClient paramiko.Transport pycurl.Curl wget.download dns.resolver.resolve "
    "dns.resolver.query httpx.stream httpx.Client httpx.AsyncClient requests.Session requests.session "
    "setuptools.package_index.PackageIndex",
)
_known(
    "dynamic",
    "exec eval compile execfile runpy.run_path runpy.run_module types.FunctionType types.CodeType code.interact "
    "code.InteractiveInterpreter code.InteractiveConsole imp.load_source imp.load_module imp.load_dynamic "
    "imp.load_compiled importlib.machinery.SourceFileLoader importlib.machinery.SourcelessFileLoader "
    "importlib.machinery.ExtensionFileLoader",
)
_known(
    "decode",
    "base64.b64decode base64.standard_b64decode base64.urlsafe_b64decode base64.b32decode base64.b32hexdecode "
    "base64.b16decode base64.b85decode base64.a85decode base64.z85decode base64.decodebytes base64.decodestring "
    "base64.decode binascii.unhexlify binascii.a2b_hex binascii.a2b_base64 binascii.a2b_uu bytes.fromhex "
    "bytearray.fromhex codecs.decode zlib.decompress zlib.decompressobj lzma.decompress lzma.LZMADecompressor "
    "bz2.decompress bz2.BZ2Decompressor gzip.decompress quopri.decodestring uu.decode "
    "compression.zstd.decompress zstandard.decompress",
)
_known(
    "deserialise",
    "pickle.load pickle.loads pickle.Unpickler _pickle.loads _pickle.load cPickle.load cPickle.loads dill.load "
    "dill.loads cloudpickle.load cloudpickle.loads joblib.load shelve.open torch.load yaml.unsafe_load "
    "yaml.full_load yaml.load jsonpickle.decode pandas.read_pickle marshal.load marshal.loads numpy.load",
)
_known(
    "native",
    "ctypes.CDLL ctypes.PyDLL ctypes.WinDLL ctypes.OleDLL ctypes.cdll.LoadLibrary ctypes.windll.LoadLibrary "
    "ctypes.pydll.LoadLibrary ctypes.pythonapi ctypes.CFUNCTYPE ctypes.LibraryLoader cffi.FFI ctypes.memmove",
)
_known(
    "write",
    "os.remove os.unlink os.rename os.renames os.replace os.rmdir os.removedirs os.mkdir os.makedirs os.chmod "
    "os.chown os.symlink os.link os.truncate os.write os.mkfifo shutil.rmtree shutil.copy shutil.copy2 "
    "shutil.copyfile shutil.copytree shutil.move shutil.chown shutil.unpack_archive distutils.dir_util.copy_tree",
)
_known(
    "hook",
    "atexit.register sys.settrace sys.setprofile threading.settrace threading.setprofile threading.Thread "
    "threading.Timer thread.start_new_thread _thread.start_new_thread signal.signal codecs.register sys.addaudithook "
    "sys.meta_path.append sys.meta_path.insert sys.path_hooks.append sys.path_hooks.insert gc.callbacks.append "
    "sys.monitoring.register_callback concurrent.futures.ThreadPoolExecutor",
)
_known(
    "install",
    "pip.main pip._internal.main pip._internal.main.main pip._internal.cli.main.main "
    "setuptools.command.easy_install.main",
)
_known(
    "capture",
    "pynput.keyboard.Listener pynput.mouse.Listener keyboard.hook keyboard.on_press keyboard.on_release "
    "keyboard.record mouse.hook pyperclip.paste win32clipboard.GetClipboardData PIL.ImageGrab.grab "
    "pyautogui.screenshot pyscreenshot.grab mss.mss cv2.VideoCapture sounddevice.rec pyaudio.PyAudio",
)
_known(
    "secret-store",
    "keyring.get_password keyring.get_credential win32crypt.CryptUnprotectData "
    "ctypes.windll.crypt32.CryptUnprotectData browser_cookie3.load browser_cookie3.chrome browser_cookie3.firefox "
    "browser_cookie3.edge browser_cookie3.safari rookiepy.load rookiepy.chrome rookiepy.firefox",
)
_known("redirect", "os.dup2 posix.dup2")
_known(
    "site-folder",
    "site.getsitepackages site.getusersitepackages sysconfig.get_path sysconfig.get_paths "
    "distutils.sysconfig.get_python_lib",
)
_known("browser", "webbrowser.open webbrowser.open_new webbrowser.open_new_tab webbrowser.get")

_PATTERNS = (
    (re.compile(r"ctypes\.windll\.(?:shell32\.ShellExecute\w*|kernel32\.(?:WinExec|CreateProcess\w*))"), "process"),
    (re.compile(r"os\.(?:exec|spawn|posix_spawn)[a-z]*"), "process"),
    (re.compile(r"(?:requests|httpx)\.(?:get|post|put|patch|delete|head|options|request)"), "network"),
    (re.compile(r"(?:ctypes\.(?:windll|cdll|oledll)\.[\w.]+)"), "native"),
)
_METHODS = {
    "subprocess_exec": "loop-process",
    "subprocess_shell": "loop-process",
    "write_text": "write",
    "write_bytes": "write",
    "exec_module": "dynamic",
    "run_in_subprocess": "process",
    "clipboard_get": "capture",
    "load_extension": "native",
}
"""Methods that are known by their names, whatever they belong to."""

_BY_WAY_OF_OTHERS = re.compile(r"[\w.]+\.((?:os|posix|nt|subprocess|pty|socket)\.[a-z]\w*)")
"""`glob.os.system`: a module of the system as an attribute of one that imports it."""

DANGEROUS_MODULES = frozenset({"os", "posix", "nt", "subprocess", "builtins", "sys", "socket", "importlib", "ctypes"})
"""Modules of which nobody looks a function up under a computed name, but to hide which."""


@lru_cache(maxsize=1024)
def kind_of_call(name: str) -> str:
    """The kind of a call by its resolved dotted name, '' for others."""
    kind = _EXACT.get(name)
    if kind is not None:
        return kind
    kind = next((kind for pattern, kind in _PATTERNS if pattern.fullmatch(name)), "")
    detour = None if kind else _BY_WAY_OF_OTHERS.fullmatch(name)
    return kind_of_call(detour[1]) if detour else kind


def is_decoder(name: str) -> bool:
    """Whether a call gives back what was packed, encoded or fetched; code objects (`marshal`) are packed too."""
    return kind_of_call(name) in ("decode", "network") or name in ("marshal.load", "marshal.loads")


def kind_of_method(name: str) -> str:
    """The kind of a call to a method of an unknown object, '' for others."""
    return _METHODS.get(name, "")
