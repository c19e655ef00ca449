"""The memory of a tree of processes, for machines without a cgroup to limit it."""

import os
from pathlib import Path

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def tree_bytes(root_pid: int) -> int:
    """What the process and all its descendants hold resident, shared pages counted for each."""
    total = 0
    waiting = [root_pid]
    while waiting:
        folder = Path(f"/proc/{waiting.pop()}")
        try:
            total += int((folder / "statm").read_text().split()[1]) * _PAGE_BYTES
            for task in (folder / "task").iterdir():
                waiting += [int(pid) for pid in (task / "children").read_text().split()]
        except (OSError, ValueError, IndexError):
            continue  # it ended while we looked
    return total
