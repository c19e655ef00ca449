"""What is asked of the sandbox: a program, what it is given, and what it may use."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Event

from judge.sandbox.sealed import SealedFile

MIB = 1024 * 1024

BOX = "/box"
"""Where a run finds its files, read-only."""


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
    """A program and what it finds; what it reads and where it writes is said when it is started."""

    argv: tuple[str, ...]
    limits: Limits
    files: Mapping[str, SealedFile] = field(default_factory=dict)
    """By name, to be found read-only and executable in BOX."""
    environment: Mapping[str, str] = field(default_factory=dict)
    folders: tuple[str, ...] = ()
    """Further folders of the machine, read-only."""
    needs_proc: bool = False
    make_folders: tuple[str, ...] = ()
    """Empty folders in the run's own /tmp."""
    collect: str = ""
    """A file, or a folder whose files, to bring out when the program has ended."""
    collect_bytes: int = 64 * MIB
    stop: Event | None = None
    """Set by another thread, ends the run within STOP_SECONDS: its end is then RunStopped."""
