"""One run: bubblewrap around the runner around the program, and what came of it."""

import contextlib
import fcntl
import os
import select
import signal
import time
from dataclasses import replace
from functools import lru_cache

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

_HIGH_FD = 100
_PIPE_BYTES = 256 * 1024


def run(job: Run) -> Outcome:
    """Run a program in a sandbox of its own and wait for its end; nothing of it is left when this returns.

    Raises:
        SandboxUnavailable: the machine cannot sandbox; nothing was run.
        SandboxError: the run was lost, for a reason that is not the program's.
        RunStopped: `job.stop` was set.
    """
    return start(job).wait()


def start(job: Run) -> "Running":
    """As `run`, without waiting: whoever starts a run waits for it."""
    parent = cgroups.find_parent()
    group = None
    if parent is not None:
        # Files in memory and a little of the kernel's own are charged to the group as well; bubblewrap and process 1
        # are in it.
        try:
            group = parent.create(
                memory_bytes=job.limits.memory_bytes + 2 * MIB, processes=job.limits.processes + OWN_PROCESSES
            )
        except OSError as error:
            raise SandboxError(f"no cgroup for the run: {error}") from error
    try:
        return Running(job, group)
    except BaseException:
        if group is not None:
            group.remove()
        raise


class Running:
    """A started run: its pipes and its processes."""

    def __init__(self, job: Run, group: cgroups.Cgroup | None) -> None:
        self._job = job
        self._group = group
        self._collect_fd = os.memfd_create("collect", os.MFD_CLOEXEC) if job.collect else -1
        self._read: dict[int, bytearray] = {}
        with contextlib.ExitStack() as stack:

            def keep(fd: int) -> int:
                # High, so that no descriptor is overwritten before it is handed on.
                high = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _HIGH_FD)
                stack.callback(os.close, high)
                return high

            def fresh(fd: int) -> int:
                high = keep(fd)
                os.close(fd)
                return high

            def pipe() -> tuple[int, int]:
                reader, writer = os.pipe2(os.O_CLOEXEC)
                with contextlib.suppress(OSError):
                    fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
                self._read[reader] = bytearray()
                return reader, fresh(writer)

            if isinstance(job.stdin, int):
                stdin = keep(job.stdin)
            elif job.stdin is None:
                stdin = fresh(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))
            else:
                stdin = fresh(job.stdin.open_copy())
            self._stdout = -1
            if job.stdout is None:
                self._stdout, stdout = pipe()
            else:
                stdout = keep(job.stdout)
            self._stderr, stderr = pipe()
            self._report, report = pipe()
            descriptors = [stdin, stdout, stderr, report]
            descriptors.append(keep(self._collect_fd) if job.collect else keep(stderr))
            descriptors.append(fresh(_filter_file().open()))
            descriptors += [fresh(file.open()) for file in job.files.values()]
            # In an environment of its own: what a worker knows is nobody else's business.
            argv = command_of(job, group)
            actions = [(os.POSIX_SPAWN_DUP2, fd, target) for target, fd in enumerate(descriptors)]
            try:
                self._pid = os.posix_spawn(argv[0], argv, environment(), file_actions=actions, setsid=True)
            except OSError as error:
                self._close()
                raise SandboxError(f"the runner does not start: {error}") from error
        if parent := self._group and cgroups.find_parent():
            parent.make_spare()

    def wait(self) -> Outcome:
        """Read what it writes, watch it, and see it end."""
        try:
            return self._watch()
        finally:
            self._close()
            if self._group is not None:
                self._group.remove()

    def kill(self) -> None:
        """End the run now; `wait` then tells of it."""
        os.kill(self._pid, signal.SIGKILL)

    def _watch(self) -> Outcome:
        job = self._job
        limits = job.limits
        watched = self._group is None
        look_seconds = WATCH_SECONDS if watched else STOP_SECONDS if job.stop is not None else float("inf")
        deadline = time.monotonic() + BUSY_WALL_FACTOR * limits.wall_ms / 1000 + START_SECONDS
        poll = select.poll()
        for fd in self._read:
            poll.register(fd, select.POLLIN)
        waiting = set(self._read)
        output_exceeded = memory_exceeded = lost = False
        refusals: tuple[bool, bool] | None = None
        peak = stderr_total = 0
        try:
            while waiting:
                left = deadline - time.monotonic()
                if left <= 0:
                    lost = True
                    break
                if job.stop is not None and job.stop.is_set():
                    raise RunStopped("the run was stopped")
                ready = poll.poll(min(left, look_seconds) * 1000)
                for fd, _ in ready:
                    chunk = os.read(fd, _PIPE_BYTES)
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
                        if fd == self._report:
                            # All of the program is dead: look while the sandbox's own processes end.
                            refusals = self._refusals()
                if len(self._read.get(self._stdout, b"")) > limits.output_bytes or stderr_total > limits.output_bytes:
                    output_exceeded = True
                    break
                if watched:
                    peak = max(peak, tree_bytes(self._pid))
                    if peak > limits.memory_bytes:
                        memory_exceeded = True
                        break
        finally:
            self._end()
        if lost:
            raise SandboxError("the run did not end in time")
        out_of_memory, out_of_processes = refusals or self._refusals()
        memory_exceeded = memory_exceeded or out_of_memory
        outcome = self._outcome(output_exceeded=output_exceeded, memory_exceeded=memory_exceeded, peak=peak)
        # Forks that are refused hold memory until the kernel gets to it, and cost time: a fork bomb would end by
        # whichever limit it meets next.
        if out_of_processes and not outcome.is_ok:
            return outcome if outcome.ending == "output" else replace(outcome, ending="processes")
        return outcome

    def _refusals(self) -> tuple[bool, bool]:
        """Whether the kernel refused the run's group memory, and processes."""
        if self._group is None:
            return False, False
        return self._group.was_out_of_memory(), self._group.was_out_of_processes()

    def _end(self) -> None:
        """End whatever still runs. Process 1 of the namespace dies with bubblewrap, and all others with it."""
        pid, _ = os.waitpid(self._pid, os.WNOHANG)
        if pid == 0:
            if not self._has_report():
                os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)

    def _has_report(self) -> bool:
        return bytes(self._read[self._report]).endswith(b"\n")

    def _outcome(self, *, output_exceeded: bool, memory_exceeded: bool, peak: int) -> Outcome:
        job = self._job
        stdout = bytes(self._read.get(self._stdout, b"")[: job.limits.output_bytes])
        stderr = bytes(self._read[self._stderr])
        words = bytes(self._read[self._report]).decode().split()
        collected = parse_collected(self._collect_fd) if job.collect else {}
        if len(words) != 8:
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

    def _close(self) -> None:
        for fd in self._read:
            os.close(fd)
        self._read.clear()
        if self._collect_fd >= 0:
            os.close(self._collect_fd)
            self._collect_fd = -1


@lru_cache(maxsize=1)
def _filter_file() -> SealedFile:
    return SealedFile(build_filter(), "seccomp")
