"""Whether this machine can sandbox, and by what means: asked before anything is run."""

from dataclasses import dataclass
from functools import lru_cache

from judge.sandbox import cgroups
from judge.sandbox.commands import sandbox_user
from judge.sandbox.errors import SandboxError, SandboxUnavailable
from judge.sandbox.orders import MIB, Limits, Run
from judge.sandbox.running import run

_PROBE = Limits(cpu_ms=2000, wall_ms=10_000, memory_bytes=64 * MIB)


@dataclass(frozen=True, slots=True)
class Health:
    """What is in force on this machine."""

    memory_by: str
    user: str
    counts_processes: bool
    """Whether a run that asks for too many processes is told so, instead of ending by another limit."""


@lru_cache(maxsize=1)
def check() -> Health:
    """Run nothing much in a sandbox, once per process; a failure is looked into anew each time.

    Raises:
        SandboxUnavailable: with what is missing, in words.
    """
    cgroups.remove_stale()
    try:
        outcome = run(Run(argv=("/usr/bin/true",), limits=_PROBE))
    except SandboxUnavailable:
        raise
    except SandboxError as error:
        raise SandboxUnavailable(f"bubblewrap cannot make a sandbox here: {error}") from error
    if not outcome.is_ok:
        raise SandboxUnavailable(f"nothing runs in the sandbox: {outcome.ending} {outcome.exit_code}")
    parent = cgroups.find_parent()
    return Health(
        memory_by=f"cgroup v{parent.version}" if parent else "rlimits and watching",
        user=f"user {sandbox_user()[0]}",
        counts_processes=parent is not None and parent.counts_processes,
    )
