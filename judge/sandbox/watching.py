"""A tree of processes as the machine sees it: who is in it, and its memory where no cgroup limits it."""

import os
from pathlib import Path

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def children_of(pid: int) -> list[int]:
    """The process's children; none where it has ended."""
    found = []
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += [int(child) for child in (task / "children").read_text().split()]
    except OSError:
        pass  # it ended while we looked
    return found


def tree_bytes(root_pid: int) -> int:
    """What the process and all its descendants hold resident, shared pages counted for each."""
    total = 0
    waiting = [root_pid]
    while waiting:
        pid = waiting.pop()
        try:
            total += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES
        except (OSError, IndexError):
            continue  # it ended while we looked
        waiting += children_of(pid)
    return total
