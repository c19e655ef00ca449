"""One sandbox: bubblewrap around the runner around the program, made, started, waited for, and gone."""

import contextlib
import fcntl
import os
import select
import signal
import socket
import time
from dataclasses import replace
from functools import lru_cache
from typing import Self

from judge.sandbox import cgroups
from judge.sandbox.commands import command_of, environment
from judge.sandbox.errors import RunStopped, SandboxError
from judge.sandbox.orders import MIB, Run
from judge.sandbox.outcomes import Ending, Outcome, ending_of, parse_collected
from judge.sandbox.sealed import SealedFile
from judge.sandbox.seccomp import build_filter
from judge.sandbox.watching import tree_bytes

STDERR_BYTES = 64 * 1024
"""Kept of what a program says on stderr; the rest is read and dropped."""

START_SECONDS = 10.0
"""Beyond a run's wall limit, for namespaces and clean-up on a busy machine, before the run counts as lost."""

BUSY_WALL_FACTOR = 4
"""How much longer than its wall limit a run may take that works and gets too little of a busy processor (runner.c)."""

WATCH_SECONDS = 0.02
"""Between two looks at a tree's memory where no cgroup limits it."""

STOP_SECONDS = 0.2
"""Between two looks at whether the run is still wanted."""

OWN_PROCESSES = 2
"""Of a run's group: bubblewrap outside of the namespace, and process 1."""

REPORT_WORDS = 8
"""Of process 1's line about a run (runner.c)."""

_HIGH_FD = 100
_PIPE_BYTES = 256 * 1024


def run(job: Run, *, stdin: SealedFile | None = None) -> Outcome:
    """Run a program in a sandbox of its own and wait for its end; nothing of it is left when this returns.

    Raises:
        SandboxUnavailable: the machine cannot sandbox; nothing was run.
        SandboxError: the run was lost, for a reason that is not the program's.
        RunStopped: `job.stop` was set.
    """
    with Sandbox(job) as sandbox:
        sandbox.start(stdin)
        return sandbox.wait()


class Sandbox:
    """A sandbox for one run of a program. In it process 1 waits for `start`; before that nothing of the program runs.

    Its control is a socket between process 1 and us: the word to start goes in, the report comes out, and when our end
    is shut, or we die, everything in the sandbox ends.
    """

    def __init__(self, job: Run) -> None:
        """Begin to make it, which takes some milliseconds more. Raises SandboxError, SandboxUnavailable."""
        self._job = job
        self._group: cgroups.Cgroup | None = None
        self.pid = 0
        """Of bubblewrap, as long as it lives."""
        self._is_started = False
        self._read: dict[int, bytearray] = {}
        self._stdout = -1
        self._collect_fd = os.memfd_create("collect", os.MFD_CLOEXEC) if job.collect else -1
        self._control, theirs = socket.socketpair()
        self._read[self._control.fileno()] = bytearray()
        self._stderr, stderr = self._pipe()
        try:
            self._group = _group_for(job)
            self._spawn(theirs.fileno(), stderr)
        except BaseException:
            self.close()
            raise
        finally:
            theirs.close()
            os.close(stderr)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def start(self, stdin: SealedFile | int | None = None, stdout: int | None = None) -> None:
        """Start the program, with a file from its start or a descriptor to read, and a descriptor to write to.

        Without `stdout` its output is read here. A sandbox that failed meanwhile says so in `wait`.
        """
        if self._is_started:
            raise ValueError("a sandbox is for one run")
        self._is_started = True
        with contextlib.ExitStack() as stack:

            def ours(fd: int) -> int:
                stack.callback(os.close, fd)
                return fd

            if stdin is None:
                source = ours(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))
            else:
                source = stdin if isinstance(stdin, int) else ours(stdin.open_copy())
            if stdout is None:
                self._stdout, stdout = self._pipe()
                ours(stdout)
            try:
                socket.send_fds(self._control, [b"."], [source, stdout])
            except (BrokenPipeError, ConnectionResetError):
                pass
            except OSError as error:
                raise SandboxError(f"the word to start does not arrive: {error}") from error

    def wait(self) -> Outcome:
        """Read what the program writes, watch it, and see it end. Raises SandboxError, RunStopped."""
        job = self._job
        limits = job.limits
        watched = self._group is None
        look_seconds = WATCH_SECONDS if watched else STOP_SECONDS if job.stop is not None else float("inf")
        deadline = time.monotonic() + BUSY_WALL_FACTOR * limits.wall_ms / 1000 + START_SECONDS
        poll = select.poll()
        for fd in self._read:
            poll.register(fd, select.POLLIN)
        waiting = set(self._read)
        control = self._control.fileno()
        output_exceeded = memory_exceeded = False
        refusals: tuple[bool, bool] | None = None
        peak = stderr_total = 0
        while waiting:
            left = deadline - time.monotonic()
            if left <= 0:
                raise SandboxError("the run did not end in time")
            if job.stop is not None and job.stop.is_set():
                raise RunStopped("the run was stopped")
            ready = poll.poll(min(left, look_seconds) * 1000)
            for fd, _ in ready:
                chunk = _receive(fd)
                if not chunk:
                    poll.unregister(fd)
                    waiting.discard(fd)
                    continue
                kept = self._read[fd]
                if fd == self._stderr:
                    stderr_total += len(chunk)
                    kept += chunk[: STDERR_BYTES - len(kept)]
                else:
                    kept += chunk
                    if fd == control:
                        # All of the program is dead: look while the sandbox's own processes end.
                        refusals = self._refusals()
            if len(self._read.get(self._stdout, b"")) > limits.output_bytes or stderr_total > limits.output_bytes:
                output_exceeded = True
                break
            if watched:
                peak = max(peak, tree_bytes(self.pid))
                if peak > limits.memory_bytes:
                    memory_exceeded = True
                    break
        self._end()
        out_of_memory, out_of_processes = refusals or self._refusals()
        memory_exceeded = memory_exceeded or out_of_memory
        outcome = self._outcome(output_exceeded=output_exceeded, memory_exceeded=memory_exceeded, peak=peak)
        # Forks that are refused hold memory until the kernel gets to it, and cost time: a fork bomb would end by
        # whichever limit it meets next.
        if out_of_processes and not outcome.is_ok:
            return outcome if outcome.ending == "output" else replace(outcome, ending="processes")
        return outcome

    @property
    def is_alive(self) -> bool:
        """Whether it is there, or about to be."""
        poll = select.poll()
        poll.register(self._control, 0)
        return not poll.poll(0)

    def hang_up(self) -> None:
        """Have everything in it end; `close` waits for that."""
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """End what still runs in it, see it gone, and give everything back."""
        self._end()
        if self._group is not None:
            self._group.remove()
            self._group = None
        for fd in self._read:
            if fd != self._control.fileno():
                os.close(fd)
        self._read.clear()
        self._control.close()
        if self._collect_fd >= 0:
            os.close(self._collect_fd)
            self._collect_fd = -1

    def _spawn(self, control: int, stderr: int) -> None:
        job = self._job
        with contextlib.ExitStack() as stack:

            def high(fd: int) -> int:
                # So that no descriptor is overwritten before it is handed on.
                copy = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _HIGH_FD)
                stack.callback(os.close, copy)
                return copy

            def opened(file: SealedFile) -> int:
                fd = file.open()
                try:
                    return high(fd)
                finally:
                    os.close(fd)

            nothing = high(_null())
            descriptors = [nothing, nothing, high(stderr), high(control)]
            descriptors.append(high(self._collect_fd) if job.collect else nothing)
            descriptors += [opened(_filter_file()), *(opened(file) for file in job.files.values())]
            # In an environment of its own: what a worker knows is nobody else's business.
            argv = command_of(job, self._group)
            actions = [(os.POSIX_SPAWN_DUP2, fd, target) for target, fd in enumerate(descriptors)]
            try:
                self.pid = os.posix_spawn(argv[0], argv, environment(), file_actions=actions, setsid=True)
            except OSError as error:
                raise SandboxError(f"the runner does not start: {error}") from error

    def _pipe(self) -> tuple[int, int]:
        """A pipe of which the first end is read here."""
        reader, writer = os.pipe2(os.O_CLOEXEC)
        with contextlib.suppress(OSError):
            fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self._read[reader] = bytearray()
        return reader, writer

    def _refusals(self) -> tuple[bool, bool]:
        """Whether the kernel refused the run's group memory, and processes."""
        if self._group is None:
            return False, False
        return self._group.was_out_of_memory(), self._group.was_out_of_processes()

    def _end(self) -> None:
        """End whatever still runs: process 1 kills and reaps all others, and bubblewrap ends after it."""
        if not self.pid:
            return
        self.hang_up()
        control = self._control.fileno()
        poll = select.poll()
        poll.register(control, select.POLLIN)
        deadline = time.monotonic() + START_SECONDS
        while poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            chunk = _receive(control)
            if not chunk:
                break
            self._read[control] += chunk
        else:
            # Bubblewrap inside and outside, or process 1, whoever there is; with it goes all of its namespace.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self.pid = 0

    def _outcome(self, *, output_exceeded: bool, memory_exceeded: bool, peak: int) -> Outcome:
        job = self._job
        stdout = bytes(self._read.get(self._stdout, b"")[: job.limits.output_bytes])
        stderr = bytes(self._read[self._stderr])
        words = self._read[self._control.fileno()].decode().split()
        collected = parse_collected(self._collect_fd) if job.collect else {}
        if len(words) != REPORT_WORDS:
            if not (output_exceeded or memory_exceeded):
                raise SandboxError(f"the sandbox failed: {stderr.decode(errors='replace')[-500:] or 'no report'}")
            ending: Ending = "memory" if memory_exceeded else "output"
            peak = max(peak, job.limits.memory_bytes if memory_exceeded else 0)
            return Outcome(ending, 0, 0, 0, 0, peak, stdout, stderr, {})
        why, signal_number, exit_code, cpu_us, wall_us, max_rss_kib, reaped, too_much = words
        peak = max(peak, int(max_rss_kib) * 1024)
        if self._group is not None and int(reaped) > 1:
            peak = max(peak, self._group.peak_bytes())
        return Outcome(
            ending=ending_of(
                job.limits,
                why=why,
                by_signal=int(signal_number),
                cpu_us=int(cpu_us),
                memory_exceeded=memory_exceeded or peak > job.limits.memory_bytes + 2 * MIB,
                output_exceeded=output_exceeded,
            ),
            exit_code=int(exit_code),
            signal=int(signal_number),
            cpu_us=int(cpu_us),
            wall_us=int(wall_us),
            peak_bytes=min(peak, job.limits.memory_bytes) if memory_exceeded else peak,
            stdout=stdout,
            stderr=stderr,
            collected=collected,
            collected_too_much=too_much == "1",
        )


def _receive(fd: int) -> bytes:
    try:
        return os.read(fd, _PIPE_BYTES)
    except ConnectionResetError:  # it ended before it read our word
        return b""


def _group_for(job: Run) -> cgroups.Cgroup | None:
    """A cgroup with the run's limits, where there are cgroups."""
    parent = cgroups.find_parent()
    if parent is None:
        return None
    # Files in memory and a little of the kernel's own are charged to the group as well; bubblewrap and process 1 are
    # in it.
    try:
        return parent.create(
            memory_bytes=job.limits.memory_bytes + 2 * MIB, processes=job.limits.processes + OWN_PROCESSES
        )
    except OSError as error:
        raise SandboxError(f"no cgroup for the run: {error}") from error


@lru_cache(maxsize=1)
def _null() -> int:
    return os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)


@lru_cache(maxsize=1)
def _filter_file() -> SealedFile:
    return SealedFile(build_filter(), "seccomp")
