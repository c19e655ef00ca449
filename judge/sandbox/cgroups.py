"""Memory and process limits for the whole tree of a run: cgroup v2 where delegated, v1 where writable, else none."""

import contextlib
import itertools
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

PREFIX = "chowk-"
_ROOT = Path("/sys/fs/cgroup")
_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class CgroupParent:
    """Where runs' groups are made: one folder for v2, one per controller for v1."""

    version: int
    memory: Path
    pids: Path | None

    def create(self, *, memory_bytes: int, processes: int) -> "Cgroup":
        """A new group with these limits. Raises OSError."""
        name = f"{PREFIX}{os.getpid()}-{next(_numbers)}"
        memory = self.memory / name
        memory.mkdir()
        pids = None
        if self.version == 2:
            (memory / "memory.max").write_text(str(memory_bytes))
            with contextlib.suppress(FileNotFoundError):
                (memory / "memory.swap.max").write_text("0")
            with contextlib.suppress(FileNotFoundError):
                (memory / "pids.max").write_text(str(processes))
        else:
            (memory / "memory.limit_in_bytes").write_text(str(memory_bytes))
            with contextlib.suppress(OSError):  # a kernel without swap accounting has no such file
                (memory / "memory.memsw.limit_in_bytes").write_text(str(memory_bytes))
            if self.pids is not None:
                pids = self.pids / name
                pids.mkdir()
                (pids / "pids.max").write_text(str(processes))
        return Cgroup(self.version, memory, pids, self.counts_processes)

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
    def join_paths(self) -> list[Path]:
        """The files through which a process of one thread joins.

        By `tasks` of v1 it moves itself without the lock that stops all forks of the machine and waits for every
        processor (Linux, cgroup_procs_write_start), which v2 does not offer.
        """
        name = "cgroup.procs" if self.version == 2 else "tasks"
        return [path / name for path in (self.memory, self.pids) if path is not None]

    def peak_bytes(self) -> int:
        """The most that the tree held at once, its files in memory included; 0 where the kernel does not say."""
        name = "memory.peak" if self.version == 2 else "memory.max_usage_in_bytes"
        try:
            return int((self.memory / name).read_text())
        except OSError:
            return 0

    def was_out_of_memory(self) -> bool:
        """Whether the kernel killed something in it for the memory limit."""
        name = "memory.events" if self.version == 2 else "memory.oom_control"
        try:
            words = (self.memory / name).read_text().split()
        except OSError:
            return False
        return "oom_kill" in words and int(words[words.index("oom_kill") + 1]) > 0

    def was_out_of_processes(self) -> bool:
        """Whether the kernel refused a new process or thread for the limit."""
        try:
            words = ((self.pids or self.memory) / "pids.events").read_text().split()
        except OSError:
            return False
        return "max" in words and int(words[words.index("max") + 1]) > 0

    def remove(self) -> None:
        """Remove the group; a process that is still on its way out is left to the next `remove_stale`."""
        for path in (self.memory, self.pids):
            if path is not None:
                with contextlib.suppress(OSError):
                    path.rmdir()


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
        for folder in (parent.memory, parent.pids):
            if folder is not None:
                for path in folder.glob(f"{PREFIX}{os.getpid()}-*"):
                    with contextlib.suppress(OSError):
                        path.rmdir()
        return False
    joinable = all(os.access(path, os.W_OK) for path in group.join_paths)
    group.remove()
    return joinable
