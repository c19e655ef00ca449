"""Sandboxes made ahead: while one test runs, the sandbox of the next comes into being."""

import os
from collections import deque
from threading import Lock
from typing import Self

from judge.sandbox.errors import SandboxError
from judge.sandbox.orders import Run
from judge.sandbox.outcomes import Outcome
from judge.sandbox.running import Sandbox
from judge.sandbox.sealed import SealedFile

AHEAD = 2
"""Sandboxes that wait, or are being made, for the runs to come: to make one takes longer than a short run."""


class Sandboxes:
    """Sandboxes for the runs of one program, which differ in their input alone. Each is used for one run.

    The next ones are made while runs are at work, as long as no more than `runs` are made, where the runs (`at_once`
    side by side) leave a processor free for that; for runs that stand back for others (`nice`), only while nobody else
    wants that processor. Many threads may start runs.
    """

    def __init__(self, job: Run, *, runs: int = 1, at_once: int = 1) -> None:
        self._job = job
        self._runs_left = runs
        self._ahead = AHEAD if at_once < _processors() else 0
        self.spares: deque[Sandbox] = deque()
        """Made ahead, for the next runs."""
        self._lock = Lock()
        self._make_ahead()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def run(self, *, stdin: SealedFile | None) -> Outcome:
        """Run the program once in a sandbox of its own. Raises as `judge.sandbox.run` does."""
        with self.start(stdin) as sandbox:
            return sandbox.wait()

    def start(self, stdin: SealedFile | int | None, stdout: int | None = None) -> Sandbox:
        """As `run`, without waiting: whoever starts a run waits for it and closes its sandbox."""
        sandbox = self._take()
        try:
            sandbox.start(stdin, stdout)
        except BaseException:
            sandbox.close()
            raise
        self._make_ahead()
        return sandbox

    def close(self) -> None:
        """Have those end that were not used."""
        with self._lock:
            self._ahead = 0
            spares = list(self.spares)
            self.spares.clear()
        for sandbox in spares:
            sandbox.hang_up()
        for sandbox in spares:
            sandbox.close()

    def _take(self) -> Sandbox:
        while sandbox := self._pop():
            if sandbox.is_alive:
                return sandbox
            sandbox.close()
        return Sandbox(self._job)

    def _pop(self) -> Sandbox | None:
        with self._lock:
            if self.spares:
                return self.spares.popleft()
            self._runs_left -= 1
            return None

    def _make_ahead(self) -> None:
        with self._lock:
            while self._runs_left > 0 and len(self.spares) < self._ahead and self._has_room():
                self._runs_left -= 1
                try:
                    self.spares.append(Sandbox(self._job))
                except SandboxError:
                    return  # the next run says what is wrong

    def _has_room(self) -> bool:
        return self._job.limits.nice == 0 or runnable_processes() <= _processors()


def runnable_processes() -> int:
    """How many processes of the whole machine run or want to, ourselves included (proc_loadavg(5))."""
    with open("/proc/loadavg") as file:
        return int(file.read().split()[3].split("/")[0])


def _processors() -> int:
    return len(os.sched_getaffinity(0))
