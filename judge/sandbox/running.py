"""One run: bubblewrap around the runner around the program, and what came of it."""

import contextlib
import fcntl
import os
import select
import shutil
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Literal

from django.conf import settings

from judge.sandbox import cgroups
from judge.sandbox.building import runner_file, runner_path
from judge.sandbox.errors import SandboxError, SandboxUnavailable
from judge.sandbox.sealed import SealedFile
from judge.sandbox.seccomp import build_filter
from judge.sandbox.watching import tree_bytes

MIB = 1024 * 1024

BOX = "/box"
"""Where a run finds its files, read-only."""

STDERR_BYTES = 64 * 1024
"""Kept of what a program says on stderr; the rest is read and dropped."""

START_SECONDS = 10.0
"""Beyond a run's wall limit, for namespaces and clean-up on a busy machine, before the run counts as lost."""

BUSY_WALL_FACTOR = 4
"""How much longer than its wall limit a run may take that works and gets too little of a busy processor (runner.c)."""

WATCH_SECONDS = 0.02
"""Between two looks at a tree's memory where no cgroup limits it."""

_REPORT_FD, _COLLECT_FD, _FIRST_FILE_FD = 3, 4, 5
_HIGH_FD = 100
_PIPE_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may use."""

    cpu_ms: int
    wall_ms: int
    memory_bytes: int
    output_bytes: int = 16 * MIB
    file_bytes: int = 64 * MIB
    tmp_bytes: int = 64 * MIB
    processes: int = 64
    nice: int = 0
    """0 to 19: how much it stands back where processors are short; its CPU time is measured all the same."""
    open_files: int = 128
    bounded_address_space: bool = True
    """Whether, without a cgroup, the address space may be bounded: some runtimes reserve far more than they use."""


@dataclass(frozen=True, slots=True)
class Run:
    """A program and what it is given."""

    argv: tuple[str, ...]
    limits: Limits
    files: Mapping[str, SealedFile] = field(default_factory=dict)
    """By name, to be found read-only and executable in BOX."""
    stdin: SealedFile | int | None = None
    """A file from its start, or a descriptor to hand on."""
    stdout: int | None = None
    """A descriptor to hand on instead of reading the output here."""
    environment: Mapping[str, str] = field(default_factory=dict)
    folders: tuple[str, ...] = ()
    """Further folders of the machine, read-only."""
    needs_proc: bool = False
    make_folders: tuple[str, ...] = ()
    """Empty folders in the run's own /tmp."""
    collect: str = ""
    """A file, or a folder whose files, to bring out when the program has ended."""
    collect_bytes: int = 64 * MIB


Ending = Literal["exit", "signal", "cpu", "wall", "memory", "output"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended. `ending` says what ended it; limits go before signals and exit codes."""

    ending: Ending
    exit_code: int
    signal: int
    cpu_us: int
    """Of the whole tree, user and system."""
    wall_us: int
    peak_bytes: int
    stdout: bytes
    stderr: bytes
    collected: dict[str, bytes]
    collected_too_much: bool = False

    @property
    def is_ok(self) -> bool:
        return self.ending == "exit" and self.exit_code == 0


def bubblewrap_path() -> str:
    """Raises SandboxUnavailable where bubblewrap is not installed."""
    path = shutil.which("bwrap")
    if path is None:
        raise SandboxUnavailable("bubblewrap is missing: apt-get install bubblewrap")
    return path


def run(job: Run) -> Outcome:
    """Run a program in a sandbox of its own and wait for its end; nothing of it is left when this returns.

    Raises:
        SandboxUnavailable: the machine cannot sandbox; nothing was run.
        SandboxError: the run was lost, for a reason that is not the program's.
    """
    return start(job).wait()


def start(job: Run) -> "Running":
    """As `run`, without waiting: whoever starts a run waits for it."""
    parent = cgroups.find_parent()
    group = None
    if parent is not None:
        # Files in memory and a little of the kernel's own are charged to the group as well.
        try:
            group = parent.create(memory_bytes=job.limits.memory_bytes + 2 * MIB, processes=job.limits.processes + 4)
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
                stdin = fresh(job.stdin.open())
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
            descriptors.append(fresh(runner_file().open()))
            descriptors += [fresh(file.open()) for file in job.files.values()]
            # In an environment of its own: what a worker knows is nobody else's business.
            argv = _argv(job, group)
            actions = [(os.POSIX_SPAWN_DUP2, fd, target) for target, fd in enumerate(descriptors)]
            try:
                self._pid = os.posix_spawn(argv[0], argv, _environment(), file_actions=actions, setsid=True)
            except OSError as error:
                self._close()
                raise SandboxError(f"the runner does not start: {error}") from error

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
        deadline = time.monotonic() + BUSY_WALL_FACTOR * limits.wall_ms / 1000 + START_SECONDS
        poll = select.poll()
        for fd in self._read:
            poll.register(fd, select.POLLIN)
        waiting = set(self._read)
        output_exceeded = memory_exceeded = lost = False
        peak = stderr_total = 0
        try:
            while waiting:
                left = deadline - time.monotonic()
                if left <= 0:
                    lost = True
                    break
                ready = poll.poll((min(left, WATCH_SECONDS) if watched else left) * 1000)
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
        if self._group is not None and self._group.was_out_of_memory():
            memory_exceeded = True
        if lost:
            raise SandboxError("the run did not end in time")
        return self._outcome(output_exceeded=output_exceeded, memory_exceeded=memory_exceeded, peak=peak)

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
        collected = _parse_collected(self._collect_fd) if job.collect else {}
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
            ending=_ending(
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


def _ending(
    limits: Limits, *, why: str, by_signal: int, cpu_us: int, memory_exceeded: bool, output_exceeded: bool
) -> Ending:
    if output_exceeded or by_signal == signal.SIGXFSZ:
        return "output"
    if memory_exceeded:
        return "memory"
    if why == "cpu" or cpu_us > limits.cpu_ms * 1000 or by_signal == signal.SIGXCPU:
        return "cpu"
    if why == "wall":
        return "wall"
    return "signal" if by_signal else "exit"


def _argv(job: Run, group: cgroups.Cgroup | None) -> list[str]:
    limits = job.limits
    uid, gid = sandbox_user()
    joins = ",".join(str(path) for path in group.procs_paths) if group else ""
    argv = [
        str(runner_path()),
        "launch",
        str(uid),
        str(gid),
        str(limits.nice),
        joins,
        "--",
        bubblewrap_path(),
        *_SHARED_NOTHING,
    ]
    argv += _system_arguments()
    for folder in job.folders:
        argv += ["--ro-bind", folder, folder]
    argv += ["--size", str(limits.tmp_bytes), "--tmpfs", "/tmp"]  # noqa: S108  # the sandbox's own
    argv += ["--symlink", "/tmp", "/dev/shm"]  # noqa: S108  # the sandbox's own
    for folder in job.make_folders:
        argv += ["--dir", folder]
    if job.needs_proc:
        argv += ["--proc", "/proc"]
    argv += ["--seccomp", str(_FIRST_FILE_FD), "--perms", "0555", "--ro-bind-data", str(_FIRST_FILE_FD + 1), "/runner"]
    for number, name in enumerate(job.files, _FIRST_FILE_FD + 2):
        argv += ["--perms", "0555", "--ro-bind-data", str(number), f"{BOX}/{name}"]
    for name, value in job.environment.items():
        argv += ["--setenv", name, value]
    address_space = -1
    if group is None and limits.bounded_address_space:
        address_space = limits.memory_bytes * 2 + 128 * MIB
    argv += ["--remount-ro", "/", "--chdir", "/tmp", "--", "/runner", "init"]  # noqa: S108  # the sandbox's own
    argv += [
        str(number)
        for number in (
            limits.cpu_ms,
            limits.wall_ms,
            address_space,
            limits.file_bytes,
            min(limits.memory_bytes, 256 * MIB),
            limits.open_files,
            limits.processes + 1,
        )
    ]
    return [*argv, job.collect or "-", str(job.collect_bytes), "--", *job.argv]


_SHARED_NOTHING = [
    "--unshare-user",
    "--uid",
    "1000",
    "--gid",
    "1000",
    "--unshare-pid",
    "--as-pid-1",
    "--unshare-net",
    "--unshare-ipc",
    "--unshare-uts",
    "--unshare-cgroup",
    "--hostname",
    "box",
    "--cap-drop",
    "ALL",
    "--die-with-parent",
]


def _environment() -> dict[str, str]:
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/tmp", "LANG": "C.UTF-8", "TMPDIR": "/tmp"}  # noqa: S108


@lru_cache(maxsize=1)
def _filter_file() -> SealedFile:
    return SealedFile(build_filter(), "seccomp")


@lru_cache(maxsize=1)
def _system_arguments() -> tuple[str, ...]:
    """The machine's programs and libraries, read-only, with our own folders hidden should they lie among them."""
    arguments = ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        path = Path("/") / name
        if path.is_symlink():
            arguments += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            arguments += ["--ro-bind", str(path), str(path)]
    for folder in (settings.BASE_DIR, settings.VAR_DIR, settings.JUDGE_DIR):
        if Path(folder).resolve().is_relative_to("/usr"):
            arguments += ["--tmpfs", str(Path(folder).resolve())]
    for device in ("null", "zero", "random", "urandom"):
        arguments += ["--dev-bind", f"/dev/{device}", f"/dev/{device}"]
    return tuple(arguments)


def sandbox_user() -> tuple[int, int]:
    """The user and group that a run has outside: an unprivileged one of its own where we are root, else ourselves."""
    if os.geteuid() == 0:
        return settings.JUDGE_SANDBOX_UID, settings.JUDGE_SANDBOX_UID
    return os.geteuid(), os.getegid()


def _parse_collected(fd: int) -> dict[str, bytes]:
    """The files that the runner copied out: "<name> <bytes>\\n<data>" one after another."""
    data = os.pread(fd, os.fstat(fd).st_size, 0)
    files: dict[str, bytes] = {}
    start = 0
    while start < len(data):
        end = data.index(b"\n", start)
        name, _, size = data[start:end].decode(errors="replace").rpartition(" ")
        files[name] = data[end + 1 : end + 1 + int(size)]
        start = end + 1 + int(size)
    return files
