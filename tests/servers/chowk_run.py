"""What `make run` does after the set-up, as a process of the test's own with a folder of its own."""

import fcntl
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import psutil

from tests.servers.processes import PROJECT_DIR, ServerProcess
from tests.servers.web import free_port
from tests.settings import TEST_DIR


def run_environment(var_dir: Path, **extra: str) -> dict[str, str]:
    """The environment of a person at a fresh clone: nothing is set but a folder and a port."""
    keep = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {
        **keep,
        "ENV_FILE": os.devnull,
        "VAR_DIR": str(var_dir),
        "PORT": str(free_port()),
        "PYTHONPATH": str(PROJECT_DIR),
        # Some seconds of a processor for each folder, which would pay only after many submissions.
        "JUDGE_PRECOMPILED_HEADERS": "0",
        **extra,
    }


def prepare(environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """`python -m config.prepare`: checks, migrations, demo world."""
    return subprocess.run(
        [sys.executable, "-m", "config.prepare"],
        env=environment,
        cwd=PROJECT_DIR,
        capture_output=True,
        text=True,
        timeout=300,
    )


def copy_prepared(var_dir: Path) -> None:
    """Make a folder as `prepare` leaves it, with the demo world: prepared once by whoever comes first, then copied."""
    original = TEST_DIR / "prepared"
    with (TEST_DIR / "prepared.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (original / "done").exists():
            done = prepare(run_environment(original / "var"))
            assert done.returncode == 0, done.stderr
            (original / "done").touch()
    shutil.copytree(original / "var", var_dir)


class ChowkRun(ServerProcess):
    """`python -m config.run`: honcho and the programs of the Procfile; or `config.fleet`, with a fleet's."""

    def __init__(self, environment: dict[str, str], *, program: str = "config.run") -> None:
        super().__init__("run", [sys.executable, "-m", program], environment=environment)

    def wait_ready(self) -> None:
        """Wait until the web server answers and every worker of the Procfile listens."""
        procfile = (PROJECT_DIR / "Procfile").read_text()
        workers = [line.partition(":")[0] for line in procfile.splitlines() if "manage.py rqworker" in line]
        self.wait_until(lambda: "Chowk runs on" in self.output(), seconds=60)
        self.wait_until(lambda: all(self.times_listening(worker) for worker in workers), seconds=60)

    def times_listening(self, worker: str) -> int:
        """How often the worker of that name in the Procfile has begun to listen."""
        return len(re.findall(rf"^\S+ {worker} +\| Listening on", self.output(), flags=re.MULTILINE))

    def programs(self) -> list[psutil.Process]:
        """Every process below this one."""
        return psutil.Process(self.pid).children(recursive=True)

    def program(self, *words: str) -> psutil.Process:
        """The program whose command line holds the words."""
        found = [process for process in self.programs() if set(words) <= set(command_line(process))]
        assert len(found) == 1, (words, found)
        return found[0]


def command_line(process: psutil.Process) -> list[str]:
    """The words of the process's command line, none where it has just ended."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []
