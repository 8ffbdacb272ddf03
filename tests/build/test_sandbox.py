"""What a build can reach (issue 4, point 6; THREATS T13): every attempt is made by code that runs inside."""

from __future__ import annotations

import os
import platform
import socket
import subprocess
import sys
import textwrap
import time

import pytest

from peep.errors import BuildError
from peep.system.sandbox import (
    BuildArea,
    FoundIsolation,
    Isolation,
    Sandbox,
    SandboxLimits,
    choose_isolation,
    interpreter_folders,
)
from support.isolation import can_run

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="sandboxes exist on Linux only")
PYTHON = os.path.realpath(sys.executable)
SMALL = SandboxLimits(seconds=30.0)


@pytest.fixture(params=[Isolation.NAMESPACES, Isolation.LANDLOCK], ids=lambda i: i.value)
def isolation(request):
    if not can_run(request.param):
        pytest.skip("this system cannot")
    return request.param


@pytest.fixture
def attempt(tmp_path, isolation):
    """Run Python code inside and give back what happened."""
    area = BuildArea(str(tmp_path / "area"), isolation)
    os.mkdir(area.root)
    area.make_folders()

    def run_inside(code, limits=SMALL, env=None):
        folders = interpreter_folders(PYTHON, sys.base_prefix, os.path.expanduser("~"))
        sandbox = Sandbox(isolation, folders, limits)
        arguments = [PYTHON, "-I", "-S", "-c", textwrap.dedent(code)]
        env = {"HOME": area.inside("build", "home"), **(env or {})}
        return sandbox.run(area, arguments, env=env, cwd=area.inside("build"), log_path=str(tmp_path / "log"))

    return run_inside


def test_the_build_area_is_writable_and_the_status_comes_back(attempt, tmp_path):
    done = attempt("import sys; open('made', 'w').write('x'); print('fine'); sys.exit(3)")
    assert (done.status, done.last_lines) == (3, ("fine",))
    assert (tmp_path / "area" / "build" / "made").read_text() == "x"


def test_a_server_on_this_machine_is_out_of_reach(attempt):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        code = f"""
            import socket
            try:
                socket.create_connection(("127.0.0.1", {port}), timeout=5)
            except OSError as error:
                print("refused:", type(error).__name__)
        """
        assert attempt(code).last_lines[-1].startswith("refused:")


def test_a_download_fails_at_once(attempt):
    code = """
        import urllib.request
        try:
            urllib.request.urlopen("http://192.0.2.1/", timeout=20)
        except OSError as error:
            print("failed:", error)
    """
    done = attempt(code)
    assert done.last_lines[-1].startswith("failed:")
    assert done.seconds < 10


@pytest.mark.parametrize("name", [".netrc", ".ssh/id_ed25519", ".config/pip/pip.conf"])
def test_secrets_of_the_home_folder_are_out_of_sight(attempt, tmp_path, name):
    secret = tmp_path / "home" / name
    secret.parent.mkdir(parents=True, exist_ok=True)
    secret.write_text("machine index.example password hunter2")
    code = f"""
        import os
        print("home is", os.path.expanduser("~"))
        try:
            print(open({str(secret)!r}).read())
        except OSError as error:
            print("denied:", type(error).__name__)
    """
    done = attempt(code)
    assert done.last_lines[0].endswith("/build/home")
    assert done.last_lines[1].startswith("denied:")


OWNED_BY_ROOT = os.path.join(os.sep, "root", ".bashrc")


@pytest.mark.parametrize("path", ["/etc/shadow", "/etc/ssh", OWNED_BY_ROOT, "/var/lib", "/run"])
def test_places_that_a_build_has_no_use_for_cannot_be_read(attempt, path):
    code = f"""
        import os
        try:
            print(os.listdir({path!r}) if os.path.isdir({path!r}) else open({path!r}).read())
        except OSError as error:
            print("denied:", type(error).__name__)
    """
    assert attempt(code).last_lines[-1].startswith("denied:")


def test_nothing_is_written_beside_the_build_area(attempt, tmp_path):
    beside = tmp_path / "beside"
    beside.mkdir()
    targets = [str(beside / "x"), "/usr/x", "/etc/x", "/dev/x", str(tmp_path / "area" / "environment" / "x")]
    code = f"""
        for path in {targets!r}:
            try:
                open(path, "w").write("x")
                print("written:", path)
            except OSError as error:
                print("denied:", path)
    """
    assert [line.split(":")[0] for line in attempt(code).last_lines] == ["denied"] * len(targets)
    assert list(beside.iterdir()) == []


def test_settings_of_the_machine_cannot_be_changed(attempt):
    code = """
        for path in ("/proc/sys/kernel/hostname", "/proc/sys/kernel/core_pattern", "/proc/self/oom_score_adj"):
            try:
                open(path, "r+").write("1")
                print("written:", path)
            except OSError as error:
                print("denied")
    """
    assert attempt(code).last_lines == ("denied",) * 3


def test_a_daemon_that_detached_itself_ends_with_the_build(attempt):
    mark = f"daemon-{os.getpid()}-{time.monotonic_ns()}"
    code = f"""
        import os, sys
        read, write = os.pipe()
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.write(write, b"x")
                os.execv({PYTHON!r}, [{PYTHON!r}, "-I", "-S", "-c", "import time; time.sleep(300)", {mark!r}])
            os._exit(0)
        os.read(read, 1)
        print("left")
    """
    done = attempt(code)
    assert done.last_lines == ("left",)
    assert done.seconds < 10
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert mark not in listed


def test_a_build_that_takes_too_long_is_ended_with_its_children(attempt):
    mark = f"sleeper-{os.getpid()}-{time.monotonic_ns()}"
    code = f"""
        import subprocess
        subprocess.run([{PYTHON!r}, "-I", "-S", "-c", "import time; time.sleep(300)", {mark!r}], start_new_session=True)
    """
    done = attempt(code, SandboxLimits(seconds=1.0))
    assert done.timed_out
    assert done.seconds < 10
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert mark not in listed


def test_memory_and_file_sizes_are_bounded(attempt):
    code = """
        try:
            bytearray(600 * 1024 * 1024)
        except MemoryError:
            print("no memory")
        try:
            with open("big", "wb") as file:
                file.write(bytes(3_000_000))
        except OSError as error:
            print(error.strerror)
    """
    done = attempt(code, SandboxLimits(seconds=30.0, memory=500 * 1024 * 1024, file_size=1_000_000))
    assert done.last_lines == ("no memory", "File too large")


def test_only_the_given_environment_is_seen(attempt):
    done = attempt("import os; print(sorted(os.environ))", env={"LC_ALL": "C.UTF-8"})
    assert done.last_lines == ("['HOME', 'LC_ALL']",)


def test_no_privileges_are_left(attempt):
    code = """
        status = dict(line.split(":", 1) for line in open("/proc/self/status"))
        print(*(status[name].strip() for name in ("CapEff", "CapPrm", "CapBnd", "NoNewPrivs")))
    """
    none = "0000000000000000"
    effective, permitted, _, no_new = attempt(code).last_lines[0].split()
    assert (effective, permitted, no_new) == (none, none, "1")


def test_other_processes_are_neither_seen_nor_reached(attempt):
    code = f"""
        import os
        try:
            os.kill({os.getpid()}, 0)
            print("reached")
        except OSError:
            print("denied")
        try:
            open("/proc/{os.getpid()}/environ", "rb").read()
            print("read")
        except OSError:
            print("denied")
    """
    assert attempt(code).last_lines == ("denied", "denied")


def test_with_namespaces_the_build_looks_the_same_everywhere(attempt, isolation):
    if isolation is not Isolation.NAMESPACES:
        pytest.skip("paths of the machine are seen under Landlock")
    code = "import os, socket; print(os.getcwd(), os.getuid(), os.getgid(), socket.gethostname(), os.listdir('/build'))"
    assert attempt(code).last_lines[0].startswith("/build 1000 1000 build [")


def test_what_a_build_needs_works(attempt):
    """Temporary files, shared memory, child processes, the compiler's search paths."""
    code = """
        import multiprocessing.shared_memory, os, subprocess, tempfile
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"x")
        print(subprocess.run(["/bin/sh", "-c", "echo hello > /dev/null && echo shell"], capture_output=True).stdout)
    """
    done = attempt(code, env={"TMPDIR": "tmp"})
    assert done.last_lines == ("b'shell\\n'",)


def test_isolation_none_still_ends_what_is_left(tmp_path):
    area = BuildArea(str(tmp_path), Isolation.NONE)
    area.make_folders()
    mark = f"free-{os.getpid()}-{time.monotonic_ns()}"
    code = f"""
        import os, time
        if os.fork() == 0:
            os.setsid()
            os.execv({PYTHON!r}, [{PYTHON!r}, "-I", "-S", "-c", "import time; time.sleep(300)", {mark!r}])
        time.sleep(0.2)
    """
    arguments = [PYTHON, "-I", "-S", "-c", textwrap.dedent(code)]
    log = str(tmp_path / "log")
    done = Sandbox(Isolation.NONE, (), SMALL).run(area, arguments, env={}, cwd=area.inside("build"), log_path=log)
    assert done.status == 0
    assert mark not in subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout


def test_a_sandbox_that_cannot_be_made_is_an_error_with_the_reason(tmp_path, isolation):
    area = BuildArea(str(tmp_path / "area"), isolation)
    os.mkdir(area.root)
    area.make_folders()
    with pytest.raises(BuildError, match="the sandbox could not be made"):
        Sandbox(isolation, (), SMALL).run(area, ["/nowhere"], env={}, cwd="/", log_path=str(tmp_path / "log"))


def test_choosing():
    none = FoundIsolation(Isolation.NONE, "the kernel is too old")
    strong = FoundIsolation(Isolation.NAMESPACES)
    assert choose_isolation(none, wanted=True, required=False) is Isolation.NONE
    assert "the kernel is too old" in none.describe()
    assert choose_isolation(strong, wanted=False, required=False) is Isolation.NONE
    assert choose_isolation(strong, wanted=True, required=True) is Isolation.NAMESPACES
    with pytest.raises(BuildError, match="kernel is too old"):
        choose_isolation(none, wanted=True, required=True)


def test_a_home_folder_below_the_interpreters_prefix_stays_out_of_sight(tmp_path):
    folders = interpreter_folders(str(tmp_path / "bin" / "python"), str(tmp_path), str(tmp_path / "user"))
    assert str(tmp_path) not in folders
    assert str(tmp_path / "lib") in folders


def test_ways_around_the_network_namespace_are_closed(attempt):
    """AF_VSOCK leads from a virtual machine to its host whatever the network namespace; io_uring opens sockets too."""
    code = """
        import ctypes, errno, socket
        for family in (40, socket.AF_PACKET, 38):  # AF_VSOCK, AF_PACKET, AF_ALG
            try:
                socket.socket(family, socket.SOCK_STREAM)
                print("opened", family)
            except OSError as error:
                print(errno.errorcode[error.errno])
        libc = ctypes.CDLL(None, use_errno=True)
        print(libc.syscall(425, 1, ctypes.create_string_buffer(120)), errno.errorcode[ctypes.get_errno()])
    """
    assert attempt(code).last_lines == ("EPERM", "EPERM", "EPERM", "-1 EPERM")


@pytest.mark.skipif(platform.machine() != "x86_64", reason="numbers of system calls")
def test_key_rings_are_out_of_reach(attempt):
    code = """
        import ctypes, errno
        libc = ctypes.CDLL(None, use_errno=True)
        print(libc.syscall(250, 0, -3, 0), errno.errorcode[ctypes.get_errno()])  # the id of the session's key ring
    """
    assert attempt(code).last_lines == ("-1 EPERM",)


def test_no_namespaces_within_namespaces(attempt, isolation):
    if isolation is not Isolation.NAMESPACES:
        pytest.skip("there are none around it")
    code = """
        import ctypes
        print([ctypes.CDLL(None).unshare(flag) for flag in (0x10000000, 0x00020000, 0x40000000)])
    """
    assert attempt(code).last_lines == ("[-1, -1, -1]",)


def test_what_is_mounted_read_only_stays_so(attempt, isolation):
    if isolation is not Isolation.NAMESPACES:
        pytest.skip("nothing is mounted")
    code = """
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        remount = 32 | 4096
        print(libc.mount(b"none", b"/usr", None, remount, None), libc.umount2(b"/proc", 2))
        mounts = dict((line.split()[1], line.split()[3].split(",")) for line in open("/proc/mounts"))
        print(sorted(place for place, options in mounts.items() if "rw" in options))
    """
    done = attempt(code)
    assert done.last_lines[0] == "-1 -1"
    assert done.last_lines[1] == "['/build', '/dev/shm', '/tmp']"
