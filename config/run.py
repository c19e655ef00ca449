"""Runs the Procfile with honcho: `python -m config.run`, the last part of `make run`.

On top of honcho: Redis starts first and ends last, the web server has the processors for itself until it answers, a
program that dies is started again, and whatever ends the run (Ctrl-C, SIGTERM, a closed terminal, even SIGKILL) leaves
no process behind.
"""

import contextlib
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from multiprocessing.synchronize import Event
from pathlib import Path
from types import FrameType
from typing import Any

import psutil
from honcho.environ import parse_procfile
from honcho.manager import Manager
from honcho.printer import Printer
from honcho.process import Popen, Process

from config import settings
from config.prepare import redis_answers
from config.processes import adopt_orphans, end_with_parent

REDIS = "redis"
REDIS_START_SECONDS = 60
REDIS_LAST_SECONDS = 4
"""How long Redis waits for the others to end; less than the 5 s after which honcho kills."""
RESTART_SECONDS = 1
SHORT_LIFE_SECONDS = 10
SHORT_LIVES = 3
"""A program that so many times in a row ends within SHORT_LIFE_SECONDS is broken: the run ends."""
READY_SECONDS = 300
WEB_ALONE_SECONDS = 15
"""How long the workers wait for the web server to answer: the first page should not."""


def main() -> int:
    """Run the Procfile until it is stopped; returns the exit code, 0 after a Ctrl-C."""
    environment = program_environment()
    return run(
        {
            name: (command, environment)
            for name, command in procfile().items()
            if name != REDIS or settings.EMBEDDED_REDIS
        }
    )


def procfile() -> dict[str, str]:
    """The Procfile's programs: name and command."""
    return dict(parse_procfile((settings.BASE_DIR / "Procfile").read_text()).processes)


def run(programs: dict[str, tuple[str, dict[str, str]]]) -> int:
    """Run programs (name, then command and environment) until they are stopped; returns the exit code."""
    adopt_orphans()
    multiprocessing.set_start_method("fork")
    manager = ChowkManager(Printer(Output()))
    for name, (command, environment) in programs.items():
        manager.add_process(name, f"exec {command}", env=environment, cwd=str(settings.BASE_DIR))
    signal.signal(signal.SIGHUP, pass_on_as_term)
    if any(is_web(name) for name in programs):
        threading.Thread(target=say_when_ready, args=[manager], daemon=True).start()
    else:
        manager.web_is_up.set()
    try:
        manager.loop()
    except KeyboardInterrupt:
        manager.returncode = 130
    finally:
        # A second Ctrl-C must not leave half of it behind.
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(signum, signal.SIG_IGN)
        manager.stopping.set()
        kill_descendants()
    return 0 if manager.returncode == 130 else int(manager.returncode or 0)


def program_environment() -> dict[str, str]:
    """The environment of every program: the virtual environment's `python` comes first."""
    programs = str(Path(sys.executable).parent)
    return {
        **os.environ,
        "PATH": os.pathsep.join([programs, os.environ.get("PATH", os.defpath)]),
        "PYTHONUNBUFFERED": "1",
    }


class Output:
    """Standard output that may go away: a closed terminal must not keep the programs from being ended."""

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError):
            sys.stdout.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            sys.stdout.flush()

    def isatty(self) -> bool:
        return sys.stdout.isatty()


class TiedPopen(Popen):
    """A program that is told to end when the process that watches it dies."""

    def __init__(self, command: str, **options: Any) -> None:
        super().__init__(command, preexec_fn=end_with_parent, **options)


class RestartingProcess(Process):
    """A program of the Procfile that is started again when it dies by itself."""

    def __init__(self, command: str, *, after: Event | None, stopping: Event, **options: Any) -> None:
        super().__init__(command, **options)
        self._child_ctor = TiedPopen
        self._after = after
        self._stopping = stopping

    def run(self, events: Any = None, ignore_signals: bool = False) -> None:
        """Start the program, pass on its lines, and start it again until the run is stopping or it is broken."""
        self._events = events
        end_with_parent(signal.SIGKILL)
        if ignore_signals:
            # Handlers, unlike SIG_IGN, are not passed on to the program.
            for signum in (signal.SIGINT, signal.SIGTERM):
                signal.signal(signum, lambda signum, frame: None)
        if self._after is not None:
            self._after.wait(WEB_ALONE_SECONDS)
        short_lives = 0
        while True:
            began = time.monotonic()
            code = self._run_once()
            short_lives = short_lives + 1 if time.monotonic() - began < SHORT_LIFE_SECONDS else 0
            if self._stopping.is_set() or short_lives >= SHORT_LIVES:
                break
            self._send_message(f"ended with code {code}, starting it again\n")
            if self._stopping.wait(RESTART_SECONDS):
                break
        self._send_message({"returncode": code}, type="stop")

    def _run_once(self) -> int:
        child = self._child_ctor(self.cmd, env=self.env, cwd=self.cwd)
        self._send_message({"pid": child.pid}, type="start")
        if self._stopping.is_set():
            child.terminate()
        # Lines come by a thread: what the program started may hold its output open after it is gone.
        threading.Thread(target=self._pass_on_lines, args=[child], daemon=True).start()
        code = int(child.wait())
        if not self._stopping.is_set():
            kill_session(child.pid)
        return code

    def _pass_on_lines(self, child: "subprocess.Popen[bytes]") -> None:
        for line in iter(child.stdout.readline, b"") if child.stdout else ():
            self._send_message(line)


class ChowkManager(Manager):
    """Honcho's manager, with Redis first and last, and the web server before the workers."""

    def __init__(self, printer: Printer) -> None:
        super().__init__(printer)
        self.stopping = multiprocessing.Event()
        self.web_is_up = multiprocessing.Event()
        self._terminating = False
        self._process_ctor = self._make_process

    def say(self, text: str) -> None:
        """Print a line of the system's own."""
        self._system_print(text + "\n")

    def _make_process(self, command: str, *, name: str, **options: Any) -> RestartingProcess:
        after = None if is_redis(name) or is_web(name) else self.web_is_up
        return RestartingProcess(command, name=name, after=after, stopping=self.stopping, **options)

    def _start(self) -> None:
        first = {name: entry for name, entry in self._processes.items() if is_redis(name)}
        rest = {name: entry for name, entry in self._processes.items() if not is_redis(name)}
        for name, entry in first.items():
            self._start_process(name, entry)
        if first:
            deadline = time.monotonic() + REDIS_START_SECONDS
            while not (redis_answers(settings.REDIS_URL) or self.stopping.is_set()) and time.monotonic() < deadline:
                time.sleep(0.05)
        for name, process in rest.items():
            self._start_process(name, process)

    def _start_process(self, name: str, entry: dict[str, Any]) -> None:
        entry["process"] = multiprocessing.Process(name=name, target=entry["obj"].run, args=(self.events, True))
        entry["process"].start()

    def terminate(self) -> None:
        """Ask every program to end, and Redis when the others have or REDIS_LAST_SECONDS are over."""
        if self._terminating:
            return
        self._terminating = True
        self.stopping.set()
        self.web_is_up.set()
        threading.Thread(target=self._terminate_in_order, daemon=True).start()

    def _terminate_in_order(self) -> None:
        others = {name: entry for name, entry in self._processes.items() if not is_redis(name)}
        self._terminate_all(others)
        deadline = time.monotonic() + REDIS_LAST_SECONDS
        while time.monotonic() < deadline and any("returncode" not in entry for entry in others.values()):
            time.sleep(0.05)
        self._terminate_all({name: entry for name, entry in self._processes.items() if is_redis(name)})

    def _terminate_all(self, entries: dict[str, dict[str, Any]]) -> None:
        for entry in entries.values():
            if entry.get("pid") and "returncode" not in entry:
                self._procmgr.terminate(entry["pid"])


def is_redis(name: str) -> bool:
    """Whether a program is the Redis, or a fleet's replica of it."""
    return name == REDIS or name.startswith(f"{REDIS}-")


def is_web(name: str) -> bool:
    """Whether pages come from the program: a web server, one of a fleet's, or the nginx before them."""
    return name.startswith("web") or name == "nginx"


def say_when_ready(manager: ChowkManager) -> None:
    """Print the address once the web server answers, and let the workers start."""
    host = "localhost" if settings.HOST in ("127.0.0.1", "::1", "0.0.0.0") else settings.HOST  # noqa: S104 (compared)
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and not manager.stopping.is_set():
        if web_answers(f"http://{host}:{settings.PORT}/readyz"):
            manager.say(f"Chowk runs on {settings.PUBLIC_URL}. Ctrl-C stops it.")
            manager.web_is_up.set()
            return
        time.sleep(0.1)


def web_answers(url: str) -> bool:
    """Whether the web server is well."""
    try:
        urllib.request.urlopen(url, timeout=5).close()  # noqa: S310 (our own address)
    except OSError:
        return False
    return True


def pass_on_as_term(signum: int, frame: FrameType | None) -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def kill_session(session: int) -> None:
    """Kill what a dead program left in its session, and everything below that."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            if os.getsid(process.pid) == session:
                for below in process.children(recursive=True):
                    with contextlib.suppress(psutil.Error):
                        below.kill()
                process.kill()


def kill_descendants() -> None:
    """Kill every process below this one, again until none is left."""
    me = psutil.Process()
    for _ in range(20):
        found = me.children(recursive=True)
        if not found:
            return
        for process in found:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(found, timeout=1)


if __name__ == "__main__":
    sys.exit(main())
