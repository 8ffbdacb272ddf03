"""What a new store makes a run ask is asked while modules are imported; an older store is left alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from peep.pip.options_cache import PipMemory
from peep.pipeline.ahead import asked_ahead
from peep.pipeline.options import InstallOptions, StoreOptions, TargetOptions
from peep.reporting import SilentReporter
from peep.store.wheels import Store
from peep.target.discovery import TargetRequest, discover_target


@pytest.fixture
def environ(tmp_path):
    return {**os.environ, "PEEP_STORE": str(tmp_path / "store"), "PIP_CONFIG_FILE": os.devnull}


@pytest.fixture
def store(tmp_path):
    return Store(str(tmp_path / "store"), SilentReporter())


@pytest.fixture
def python(tmp_path):
    """Another path of this interpreter, so that a program has to be started to ask it."""
    link = tmp_path / "python"
    link.symlink_to(os.path.realpath(sys.executable))
    return str(link)


def never(*_arguments, **_options):
    raise AssertionError("a program was started for what is remembered")


def test_the_answers_are_there_when_the_run_wants_them(environ, store, python):
    with asked_ahead(InstallOptions(target=TargetOptions(python=python)), environ):
        pass

    found = discover_target(TargetRequest(python=python), store, run_program=never)
    assert found.python == python
    told = PipMemory(os.path.join(store.layout.remembered, "pip")).recall(sys.executable, environ)
    assert told is not None
    assert "index_url" in told["values"]


def test_a_store_that_was_used_before_most_likely_knows(environ, store, python):
    store.note("kind", "key", b"value")

    with asked_ahead(InstallOptions(target=TargetOptions(python=python)), environ):
        pass

    with pytest.raises(AssertionError):
        discover_target(TargetRequest(python=python), store, run_program=never)


def test_a_store_that_goes_with_the_run_remembers_nothing(environ, store, python):
    options = InstallOptions(target=TargetOptions(python=python), store=StoreOptions(is_kept=False))

    with asked_ahead(options, environ):
        pass

    assert not os.path.exists(store.layout.root)


def test_a_run_without_a_store_does_not_mind_that_the_usual_one_has_no_place(environ):
    with asked_ahead(InstallOptions(store=StoreOptions(is_kept=False)), {**environ, "PEEP_STORE": "not/absolute"}):
        reached = True

    assert reached


def test_what_can_not_be_asked_is_left_to_the_run(environ, store, tmp_path):
    options = InstallOptions(target=TargetOptions(python=str(tmp_path / "absent")))

    with asked_ahead(options, {**environ, "PIP_TIMEOUT": "no number"}):
        reached = True

    assert reached
    assert not os.path.exists(os.path.join(store.layout.remembered, "interpreter"))


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C by a signal")
def test_a_program_that_hangs_ends_soon_after_ctrl_c(environ, tmp_path):
    noted = tmp_path / "process"
    hanging = tmp_path / "python"
    hanging.write_text(f"#!/bin/sh\necho $$ > {noted}\nexec sleep 600\n")
    hanging.chmod(0o755)
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(f"demo==1.0 --hash=sha256:{'a' * 64}\n")
    command = [sys.executable, "-m", "peep", "install", "--python", str(hanging), "-r", str(requirements)]
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, start_new_session=True) as process:
        until = time.monotonic() + 30
        while not (noted.exists() and noted.read_text().strip()) and time.monotonic() < until:
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
        _, told = process.communicate(timeout=30)

    assert process.returncode == 130
    assert b"Traceback" not in told
    with pytest.raises(ProcessLookupError):
        os.kill(int(noted.read_text()), 0)


def test_what_goes_wrong_meanwhile_comes_through(environ):
    with pytest.raises(KeyboardInterrupt), asked_ahead(InstallOptions(), environ):
        raise KeyboardInterrupt
