"""A process started by the tests: its output in a file, killed with its children however the test ends."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from config.processes import end_with_parent
from tests.settings import SERVER_VARIABLE, TEST_DIR

PROJECT_DIR = Path(__file__).resolve().parent.parent.parent


class ServerError(AssertionError):
    """A server of the tests did not start or stop as it should; holds the end of its output."""


def child_environment(**extra: str) -> dict[str, str]:
    """The environment of a process of the project that works on the test database."""
    environment = {**os.environ, SERVER_VARIABLE: "1", "PYTHONUNBUFFERED": "1", **extra}
    # Set while a browser is driven from the tests' own thread; no one else may need it.
    environment.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)
    return environment


def wait_until(condition: Callable[[], object], *, seconds: float = 30, what: str = "the condition") -> None:
    """Ask again and again until the answer is true.

    Raises:
        AssertionError: it was not within `seconds`.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come within {seconds} s")
        time.sleep(0.02)


class ServerProcess:
    """One running program in a session of its own."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        environment: dict[str, str] | None = None,
        user: int | None = None,
        group: int | None = None,
        cwd: Path = PROJECT_DIR,
    ) -> None:
        self.name = name
        self.log_path = TEST_DIR / "logs" / f"{name}-{time.monotonic_ns()}.log"
        self.log_path.parent.mkdir(exist_ok=True)
        with self.log_path.open("wb") as log:
            self.popen = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                env=child_environment() if environment is None else environment,
                start_new_session=True,
                user=user,
                group=group,
                extra_groups=[] if user is not None else None,
                preexec_fn=partial(end_with_parent, signal.SIGKILL),
            )

    @property
    def pid(self) -> int:
        return self.popen.pid

    def output(self) -> str:
        """Everything that the process has written so far."""
        return self.log_path.read_text(errors="replace")

    def is_running(self) -> bool:
        return self.popen.poll() is None

    def wait_until(self, condition: Callable[[], object], *, seconds: float = 30) -> None:
        """Wait for the condition.

        Raises:
            ServerError: the process ended first, or the time did.
        """
        deadline = time.monotonic() + seconds
        while not condition():
            if not self.is_running():
                raise ServerError(f"{self.name} ended with {self.popen.returncode}:\n{self.output()[-4000:]}")
            if time.monotonic() > deadline:
                raise ServerError(f"{self.name} was not ready within {seconds} s:\n{self.output()[-4000:]}")
            time.sleep(0.02)

    def stop(self, *, seconds: float = 10) -> int:
        """Ask the process to end, insist after `seconds`, and return its code."""
        if self.is_running():
            self.popen.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.popen.wait(timeout=seconds)
        self.kill()
        return self.popen.returncode

    def kill(self) -> None:
        """End the process and what it started, without asking."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self.popen.wait(timeout=10)
