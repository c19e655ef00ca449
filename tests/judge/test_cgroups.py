"""A group for each run, and none left."""

import os
from pathlib import Path

import pytest

from judge.sandbox import MIB, Limits, Run, cgroups, run
from judge.sandbox.cgroups import CgroupParent


@pytest.fixture
def parent() -> CgroupParent:
    found = cgroups.find_parent()
    if found is None:
        pytest.skip("no cgroups may be made here")
    return found


def groups_of(parent: CgroupParent, pid: int) -> set[Path]:
    return set(parent.memory.glob(f"{cgroups.PREFIX}{pid}-*"))


def test_no_two_runs_share_a_group(parent: CgroupParent) -> None:
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


@pytest.mark.parametrize(
    "command", ["true", "yes", "sleep 9", "yes | head -c 100000000 > /dev/shm/x", "yes & yes & wait"]
)
def test_no_run_leaves_its_group(parent: CgroupParent, command: str) -> None:
    before = groups_of(parent, os.getpid())
    limits = Limits(cpu_ms=100, wall_ms=200, memory_bytes=32 * MIB, output_bytes=1 * MIB)

    run(Run(("/bin/sh", "-c", command), limits))

    assert groups_of(parent, os.getpid()) == before
