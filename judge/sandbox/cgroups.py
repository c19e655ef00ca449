"""Memory and process limits for the whole tree of a run: cgroup v2 where delegated, v1 where writable, else none."""

import contextlib
import itertools
import os
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

PREFIX = "chowk-"
_ROOT = Path("/sys/fs/cgroup")
_numbers = itertools.count()

LEAVING_SECONDS = 2.0
"""For the last process of a group to go, whose other processes the kernel killed."""

LOOK_SECONDS = 0.002


@dataclass(frozen=True, slots=True)
class CgroupParent:
    """Where runs' groups are made: one folder for v2, one per controller for v1."""

    version: int
    memory: Path
    pids: Path | None

    def create(self, *, memory_bytes: int, processes: int) -> "Cgroup":
        """A group of its own with these limits, that nothing was in before. Raises OSError."""
        name = f"{PREFIX}{os.getpid()}-{next(_numbers)}"
        group = Cgroup(self.version, self.memory / name, self.pids and self.pids / name, self.counts_processes)
        try:
            for path in group.folders:
                path.mkdir()
            group.limit(memory_bytes=memory_bytes, processes=processes)
        except OSError:
            group.remove()
            raise
        return group

    @property
    def counts_processes(self) -> bool:
        """Whether its groups bound the number of processes, and count the refusals."""
        if self.version == 2:
            return "pids" in (self.memory / "cgroup.subtree_control").read_text().split()
        return self.pids is not None


@dataclass(frozen=True, slots=True)
class Cgroup:
    """The group of one run."""

    version: int
    memory: Path
    pids: Path | None
    counts_processes: bool

    @property
    def folders(self) -> list[Path]:
        return [path for path in (self.memory, self.pids) if path is not None]

    def limit(self, *, memory_bytes: int, processes: int) -> None:
        """Set its limits. Raises OSError."""
        if self.version == 2:
            _write(f"{self.memory}/memory.max", memory_bytes)
            with contextlib.suppress(FileNotFoundError):
                _write(f"{self.memory}/memory.swap.max", 0)
            with contextlib.suppress(FileNotFoundError):
                _write(f"{self.memory}/pids.max", processes)
            return
        _write(f"{self.memory}/memory.limit_in_bytes", memory_bytes)
        with contextlib.suppress(OSError):  # a kernel without swap accounting has no such file
            _write(f"{self.memory}/memory.memsw.limit_in_bytes", memory_bytes)
        if self.pids is not None:
            _write(f"{self.pids}/pids.max", processes)

    @property
    def join_paths(self) -> list[Path]:
        """The files through which a process of one thread joins.

        By `tasks` of v1 it moves itself without the lock that stops all forks of the machine and waits for every
        processor (Linux, cgroup_procs_write_start), which v2 does not offer.
        """
        name = "cgroup.procs" if self.version == 2 else "tasks"
        return [path / name for path in self.folders]

    def peak_bytes(self) -> int:
        """The most that the tree held at once, its files in memory included; 0 where the kernel does not say."""
        name = "memory.peak" if self.version == 2 else "memory.max_usage_in_bytes"
        try:
            return int(_read(f"{self.memory}/{name}"))
        except OSError:
            return 0

    def was_out_of_memory(self) -> bool:
        """Whether the kernel killed something in it for the memory limit."""
        name = "memory.events" if self.version == 2 else "memory.oom_control"
        try:
            words = _read(f"{self.memory}/{name}").split()
        except OSError:
            return False
        return "oom_kill" in words and int(words[words.index("oom_kill") + 1]) > 0

    def was_out_of_processes(self) -> bool:
        """Whether the kernel refused a new process or thread for the limit."""
        try:
            words = _read(f"{self.pids or self.memory}/pids.events").split()
        except OSError:
            return False
        return "max" in words and int(words[words.index("max") + 1]) > 0

    def remove(self) -> None:
        """Remove the group as soon as all of it has ended; what still lives after LEAVING_SECONDS is left.

        Where the kernel kills bubblewrap too for want of memory, process 1 ends a little later.
        """
        deadline = time.monotonic() + LEAVING_SECONDS
        for path in self.folders:
            while not _is_removed(path) and time.monotonic() < deadline:
                time.sleep(LOOK_SECONDS)


@lru_cache(maxsize=1)
def find_parent() -> CgroupParent | None:
    """Where this process may make groups with a memory limit, or None."""
    own = _own_groups()
    configured = os.environ.get("JUDGE_CGROUP", "")
    candidates = [Path(configured)] if configured else []
    if "" in own:
        candidates += [_ROOT / own[""].lstrip("/"), _ROOT / "chowk-judge"]
    for path in candidates:
        parent = _try_v2(path)
        if parent is not None:
            return parent
    if "memory" in own:
        memory = _ROOT / "memory" / own["memory"].lstrip("/")
        pids = _ROOT / "pids" / own["pids"].lstrip("/") if "pids" in own else None
        parent = CgroupParent(1, memory, pids)
        if _works(parent):
            return parent
        parent = CgroupParent(1, memory, None)
        if _works(parent):
            return parent
    return None


def remove_stale() -> None:
    """Remove the empty groups that killed workers left."""
    parent = find_parent()
    for folder in (parent.memory, parent.pids) if parent else ():
        if folder is None:
            continue
        for path in folder.glob(f"{PREFIX}*-*"):
            pid = path.name.removeprefix(PREFIX).split("-")[0]
            if pid.isdigit() and not Path(f"/proc/{pid}").exists():
                with contextlib.suppress(OSError):
                    path.rmdir()


def _is_removed(path: Path) -> bool:
    try:
        path.rmdir()
    except FileNotFoundError:
        pass
    except OSError:
        return False
    return True


def _read(path: str) -> str:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(fd, 4096).decode()
    finally:
        os.close(fd)


def _write(path: str, value: int) -> None:
    # One plain call, as the kernel wants it: a third of what a Python file costs.
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, b"%d" % value)
    finally:
        os.close(fd)


def _own_groups() -> dict[str, str]:
    """This process's group by controller; "" is the v2 hierarchy's."""
    groups = {}
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            for controller in controllers.split(","):
                groups[controller] = path
    return groups


def _try_v2(path: Path) -> CgroupParent | None:
    """Use a v2 group whose controllers may be handed on to groups in it."""
    try:
        if path.name == "chowk-judge" and (path.parent / "cgroup.controllers").exists():
            path.mkdir(exist_ok=True)
        if "memory" not in (path / "cgroup.controllers").read_text().split():
            return None
        wanted = "+memory +pids"
        try:
            (path / "cgroup.subtree_control").write_text(wanted)
        except OSError:
            # A group that holds processes hands nothing on. Alone in it, as under systemd's Delegate=, we step down.
            if (path / "cgroup.procs").read_text().split() != [str(os.getpid())]:
                return None
            leaf = path / f"{PREFIX}worker"
            leaf.mkdir(exist_ok=True)
            (leaf / "cgroup.procs").write_text(str(os.getpid()))
            (path / "cgroup.subtree_control").write_text(wanted)
    except OSError:
        return None
    parent = CgroupParent(2, path, None)
    return parent if _works(parent) else None


def _works(parent: CgroupParent) -> bool:
    try:
        group = parent.create(memory_bytes=1 << 26, processes=16)
    except OSError:
        return False
    joinable = all(os.access(path, os.W_OK) for path in group.join_paths)
    group.remove()
    return joinable
