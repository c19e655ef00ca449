"""How a run ended, from what the runner and the kernel say of it."""

import os
import signal
from dataclasses import dataclass
from typing import Literal

from judge.sandbox.orders import Limits

Ending = Literal["exit", "signal", "cpu", "wall", "memory", "output", "processes"]


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


def ending_of(
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


def parse_collected(fd: int) -> dict[str, bytes]:
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
