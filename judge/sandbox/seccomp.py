"""The seccomp filter: the classic BPF that the kernel takes (Linux, Documentation/userspace-api/seccomp_filter)."""

import errno
import platform
import struct
from collections.abc import Iterable
from functools import lru_cache

from judge.sandbox.errors import SandboxUnavailable
from judge.sandbox.syscalls import ALLOWED, CLONE, IOCTL, PRLIMIT

_LOAD, _JUMP_EQUAL, _JUMP_GREATER, _JUMP_AT_LEAST, _JUMP_SET, _RETURN = 0x20, 0x15, 0x25, 0x35, 0x45, 0x06
_NUMBER_OFFSET, _ARCH_OFFSET, _ARGUMENTS_OFFSET = 0, 4, 16

_ALLOW = 0x7FFF0000
_KILL_PROCESS = 0x80000000
_ERRNO = 0x00050000
_NOT_IMPLEMENTED = _ERRNO | errno.ENOSYS
_NOT_PERMITTED = _ERRNO | errno.EPERM

_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_COLUMN = {"x86_64": 0, "aarch64": 1}

# CLONE_NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET, and CLONE_PTRACE, CLONE_UNTRACED.
_NAMESPACE_FLAGS = (
    0x80 | 0x20000 | 0x2000000 | 0x4000000 | 0x8000000 | 0x10000000 | 0x20000000 | 0x40000000 | 0x2000 | 0x800000
)
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C

Instruction = tuple[int, int, int, int]
"""Operation, instructions to skip when true, when false, and the constant."""


@lru_cache(maxsize=2)
def build_filter(machine: str = "") -> bytes:
    """The filter for this machine's architecture, which kills whoever calls by any other ABI.

    Raises:
        SandboxUnavailable: the architecture has no table here.
    """
    machine = machine or platform.machine()
    if machine not in _AUDIT_ARCH:
        raise SandboxUnavailable(f"the sandbox has no system call filter for {machine}")
    column = _COLUMN[machine]
    program: list[Instruction] = [
        (_LOAD, 0, 0, _ARCH_OFFSET),
        (_JUMP_EQUAL, 1, 0, _AUDIT_ARCH[machine]),
        (_RETURN, 0, 0, _KILL_PROCESS),
        (_LOAD, 0, 0, _NUMBER_OFFSET),
    ]
    if machine == "x86_64":
        # x32 calls come with the same architecture and bit 30 of the number set.
        program += [(_JUMP_SET, 0, 1, 0x40000000), (_RETURN, 0, 0, _KILL_PROCESS)]
    program += _unless_argument(CLONE[column], 0, [(_JUMP_SET, 1, 0, _NAMESPACE_FLAGS)])
    program += _unless_argument(IOCTL[column], 1, [(_JUMP_EQUAL, 2, 0, _TIOCSTI), (_JUMP_EQUAL, 1, 0, _TIOCLINUX)])
    program += _unless_argument(PRLIMIT[column], 0, [(_JUMP_EQUAL, 0, 1, 0)])
    for low, high in _ranges(numbers[column] for numbers in ALLOWED.values()):
        # Ascending, so that a number under this range is in none. The kernel caches what depends on the number alone.
        program += [
            (_JUMP_GREATER, 3, 0, high),
            (_JUMP_AT_LEAST, 0, 1, low),
            (_RETURN, 0, 0, _ALLOW),
            (_RETURN, 0, 0, _NOT_IMPLEMENTED),
        ]
    program.append((_RETURN, 0, 0, _NOT_IMPLEMENTED))
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)


def _unless_argument(number: int, argument: int, refusals: list[Instruction]) -> list[Instruction]:
    """Allow the call unless one of the tests on the low half of its argument jumps to the refusal."""
    body: list[Instruction] = [
        (_LOAD, 0, 0, _ARGUMENTS_OFFSET + 8 * argument),
        *refusals,
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _NOT_PERMITTED),
    ]
    return [(_JUMP_EQUAL, 0, len(body), number), *body]


def _ranges(numbers: Iterable[int | None]) -> list[tuple[int, int]]:
    """The numbers as ascending runs."""
    runs: list[tuple[int, int]] = []
    for number in sorted({n for n in numbers if n is not None}):
        if runs and number == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs
