"""Groups made ahead of the runs they are for."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from judge.sandbox import MIB, Limits, Run, cgroups, run
from judge.sandbox.cgroups import SPARES_KEPT, CgroupParent
from tests.servers.processes import PROJECT_DIR


@pytest.fixture
def parent() -> CgroupParent:
    found = cgroups.find_parent()
    if found is None:
        pytest.skip("no cgroups may be made here")
    return found


def groups_of(parent: CgroupParent, pid: int) -> set[Path]:
    return set(parent.memory.glob(f"{cgroups.PREFIX}{pid}-*"))


def test_no_two_runs_share_a_group(parent: CgroupParent) -> None:
    parent.make_spare()
    first = parent.create(memory_bytes=64 * MIB, processes=3)
    second = parent.create(memory_bytes=32 * MIB, processes=3)
    try:
        name = "memory.max" if parent.version == 2 else "memory.limit_in_bytes"
        limits = [int((group.memory / name).read_text()) for group in (first, second)]
        assert first.memory != second.memory
        assert limits == [64 * MIB, 32 * MIB]
    finally:
        first.remove()
        second.remove()


def test_runs_leave_a_few_groups_made_ahead_and_no_more(parent: CgroupParent) -> None:
    order = Run(("/usr/bin/true",), Limits(cpu_ms=500, wall_ms=1000, memory_bytes=64 * MIB))

    used = [run(order).ending for _ in range(SPARES_KEPT + 2)]

    assert used == ["exit"] * (SPARES_KEPT + 2)
    assert len(groups_of(parent, os.getpid())) <= SPARES_KEPT


def test_a_process_that_ends_takes_its_spare_groups_with_it(parent: CgroupParent) -> None:
    """And a fork leaves its parent's alone."""
    script = (
        "import os\n"
        "from judge.sandbox import cgroups\n"
        "parent = cgroups.find_parent()\n"
        "parent.make_spare()\n"
        "spare = set(parent.memory.glob(f'{cgroups.PREFIX}{os.getpid()}-*'))\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    own = parent.create(memory_bytes=1 << 26, processes=3)\n"
        "    own.remove()\n"
        "    os._exit(own.memory in spare)\n"
        "print(os.getpid(), len(spare), os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=PROJECT_DIR, capture_output=True, text=True, check=True, timeout=60
    )

    pid, made, taken = (int(word) for word in done.stdout.split())
    assert (made, taken) == (1, 0)
    assert groups_of(parent, pid) == set()
