"""Sandboxes made ahead of their runs: each is used once, and none is left behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from judge.sandbox import MIB, Limits, Run, Sandbox, Sandboxes, SealedFile, cgroups, health, running, spares
from judge.sandbox.watching import children_of
from tests.servers.processes import PROJECT_DIR, wait_until

LIMITS = Limits(cpu_ms=2000, wall_ms=4000, memory_bytes=64 * MIB)


@pytest.fixture
def mark() -> Iterator[str]:
    """A word in the command lines of a test's sandboxes, of which nothing may be left at its end."""
    word = uuid4().hex
    yield word
    assert processes_with(word) == []


@pytest.fixture(autouse=True)
def _two_processors(monkeypatch: pytest.MonkeyPatch, sandbox: health.Health) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1})


def shell(command: str, mark: str) -> Run:
    return Run(argv=("/bin/sh", "-c", command, mark), limits=LIMITS)


def processes_with(mark: str) -> list[int]:
    """Of the whole machine, bubblewrap, process 1 and the program, which all have the mark among their arguments."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark.encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def process_1(sandbox: Sandbox) -> int:
    """The pid outside of a sandbox's process 1, once it waits for the word."""

    def is_up() -> bool:
        return any(
            Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"/runner") for pid in children_of(sandbox.pid)
        )

    wait_until(is_up, seconds=5, what="process 1")
    return children_of(sandbox.pid)[0]


def groups() -> set[Path]:
    parent = cgroups.find_parent()
    folders = [each for each in (parent.memory, parent.pids) if each] if parent else []
    return {path for folder in folders for path in folder.glob(f"{cgroups.PREFIX}{os.getpid()}-*")}


def test_no_run_sees_what_another_left(mark: str) -> None:
    look = 'ls -A /tmp /dev/shm/ | tr -d "\\n"; kill -0 -1 2>/dev/null && echo others; touch "/tmp/$$"; cat'

    with Sandboxes(shell(look, mark), runs=6) as sandboxes:
        said = [sandboxes.run(stdin=SealedFile(b"%d" % number)).stdout for number in range(6)]

    assert said == [b"/dev/shm/:/tmp:%d" % number for number in range(6)]


def test_a_sandbox_runs_once(mark: str) -> None:
    with Sandbox(shell("echo $0", mark)) as sandbox:
        sandbox.start()
        with pytest.raises(ValueError, match="one run"):
            sandbox.start()
        assert sandbox.wait().stdout == mark.encode() + b"\n"


def test_no_more_are_made_than_there_are_runs(mark: str) -> None:
    made: set[int] = set()
    with Sandboxes(shell("true", mark), runs=4) as sandboxes:
        for _ in range(4):
            sandboxes.run(stdin=None)
            made |= {sandbox.pid for sandbox in sandboxes.spares}
        assert not sandboxes.spares
    assert len(made) == 3  # the first was taken before we looked


def test_nothing_is_made_ahead_where_it_would_cost_the_run_its_processor(
    mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Sandboxes(shell("true", mark), runs=4, at_once=2) as sandboxes:
        assert sandboxes.run(stdin=None).is_ok
        assert not sandboxes.spares
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0})
    with Sandboxes(shell("true", mark), runs=4) as sandboxes:
        assert sandboxes.run(stdin=None).is_ok
        assert not sandboxes.spares


def test_runs_that_stand_back_make_nothing_ahead_on_a_busy_machine(mark: str, monkeypatch: pytest.MonkeyPatch) -> None:
    job = replace(shell("true", mark), limits=replace(LIMITS, nice=10))
    for runnable, made in ((2, True), (3, False)):
        monkeypatch.setattr(spares, "runnable_processes", lambda runnable=runnable: runnable)
        with Sandboxes(job, runs=3) as sandboxes:
            assert bool(sandboxes.spares) is made
            assert sandboxes.run(stdin=None).is_ok
    assert spares.runnable_processes() >= 1


def test_unused_ones_leave_nothing(mark: str) -> None:
    before = groups()
    for seconds in (0.0, 0.002, 0.005, 0.05):
        with Sandboxes(shell("true", mark), runs=2):
            time.sleep(seconds)

        assert processes_with(mark) == []
        assert groups() <= before


@pytest.mark.parametrize("victim", ["bubblewrap", "process 1"])
def test_one_that_died_is_made_anew(mark: str, victim: str) -> None:
    with Sandboxes(shell("echo right", mark), runs=3) as sandboxes:
        spare = sandboxes.spares[0]
        inside = process_1(spare)
        os.kill(spare.pid if victim == "bubblewrap" else inside, signal.SIGKILL)
        if victim == "process 1":
            wait_until(lambda: not spare.is_alive, seconds=5, what="its end")

        assert [sandboxes.run(stdin=None).stdout for _ in range(3)] == [b"right\n"] * 3


def test_one_whose_making_stops_is_given_up(mark: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bubblewrap's inner process waits for ever where the outer one ends at the wrong moment."""
    monkeypatch.setattr(running, "START_SECONDS", 0.5)
    sandbox = Sandbox(shell("true", mark))
    wait_until(lambda: children_of(sandbox.pid) != [], seconds=5, what="the inner process")
    for pid in (sandbox.pid, *children_of(sandbox.pid)):
        os.kill(pid, signal.SIGSTOP)

    sandbox.close()

    assert processes_with(mark) == []


def test_waiting_is_nobodys_time(mark: str) -> None:
    with Sandbox(shell("true", mark)) as sandbox:
        time.sleep(0.5)
        sandbox.start()
        outcome = sandbox.wait()

    assert outcome.is_ok
    assert outcome.wall_us < 400_000
    assert outcome.cpu_us < 100_000


def test_a_descriptor_that_the_worker_let_slip_goes_no_further(mark: str) -> None:
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    with Sandbox(shell("true", mark)) as sandbox:
        pid = process_1(sandbox)
        held = {os.readlink(path) for path in Path(f"/proc/{sandbox.pid}/fd").iterdir()}
        if os.geteuid() == 0:  # process 1 lets nobody else look
            held |= {os.readlink(path) for path in Path(f"/proc/{pid}/fd").iterdir()}
        pipe = os.readlink(f"/proc/self/fd/{writer}")
    os.close(reader)
    os.close(writer)

    assert held
    assert pipe not in held


def test_limits_hold_before_the_first_instruction(mark: str) -> None:
    look = "ulimit -n; ulimit -c; cat /proc/self/status"
    job = Run(argv=("/bin/sh", "-c", look, mark), limits=LIMITS, needs_proc=True)

    with Sandboxes(job, runs=2) as sandboxes:
        first, second = (sandboxes.run(stdin=None).stdout.decode() for _ in range(2))

    for said in (first, second):
        assert said.startswith(f"{LIMITS.open_files}\n")
        status = dict(line.split(":\t", 1) for line in said.splitlines() if ":\t" in line)
        assert (status["Seccomp"], status["NoNewPrivs"]) == ("2", "1")
        assert {int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}


@pytest.mark.parametrize("seconds", [0.0, 0.001, 0.003, 0.006, 0.2])
def test_a_killed_worker_takes_its_sandboxes_with_it(mark: str, seconds: float) -> None:
    """Those at work, those that wait, and those that are being made."""
    script = (
        "import sys\n"
        "from judge.sandbox import MIB, Limits, Run, Sandboxes\n"
        "limits = Limits(cpu_ms=60_000, wall_ms=60_000, memory_bytes=64 * MIB)\n"
        f"sandboxes = Sandboxes(Run(('/bin/sh', '-c', 'trap \"\" TERM HUP; sleep 50', '{mark}'), limits), runs=9)\n"
        "running = [sandboxes.start(None) for _ in range(2)]\n"
        "print('made', flush=True)\n"
        "running[0].wait()\n"
    )
    worker = subprocess.Popen([sys.executable, "-c", script], cwd=PROJECT_DIR, stdout=subprocess.PIPE)
    assert worker.stdout is not None
    assert worker.stdout.readline() == b"made\n"
    time.sleep(seconds)
    assert len(processes_with(mark)) > 1

    worker.kill()
    worker.wait()
    worker.stdout.close()

    wait_until(lambda: processes_with(mark) == [], seconds=5, what="the end of all sandboxes")
