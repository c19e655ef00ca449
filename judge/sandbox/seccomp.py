"""The seccomp filter: the classic BPF that the kernel takes (Linux, Documentation/userspace-api/seccomp_filter)."""

import errno
import platform
import struct
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from judge.sandbox.errors import SandboxUnavailable
from judge.sandbox.syscalls import ALLOWED, CLONE, FCNTL, IOCTL, PRCTL, PRLIMIT, SETRLIMIT, SIGACTION, SOCKETPAIR

_LOAD, _JUMP_EQUAL, _JUMP_GREATER, _JUMP_AT_LEAST, _JUMP_SET, _RETURN = 0x20, 0x15, 0x25, 0x35, 0x45, 0x06
_NUMBER_OFFSET, _ARCH_OFFSET, _ARGUMENTS_OFFSET = 0, 4, 16

_ALLOW = 0x7FFF0000
_KILL_PROCESS = 0x80000000
_ERRNO = 0x00050000
_NOT_IMPLEMENTED = _ERRNO | errno.ENOSYS
_NOT_PERMITTED = _ERRNO | errno.EPERM
_NO_LOCKS = _ERRNO | errno.ENOLCK
_PRETEND = _ERRNO
"""The call does nothing and succeeds."""

_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_COLUMN = {"x86_64": 0, "aarch64": 1}

# CLONE_NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET, and CLONE_PTRACE, CLONE_UNTRACED.
_NAMESPACE_FLAGS = (
    0x80 | 0x20000 | 0x2000000 | 0x4000000 | 0x8000000 | 0x10000000 | 0x20000000 | 0x40000000 | 0x2000 | 0x800000
)
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
_AF_UNIX, _SIGCHLD, _RLIMIT_CORE = 1, 17, 4
# F_GETLK, F_SETLK, F_SETLKW and their 64 and OFD kin; F_SETLEASE, F_GETLEASE, F_NOTIFY.
_LOCKS_AND_LEASES = (5, 6, 7, 12, 13, 14, 36, 37, 38, 1024, 1025, 1026)
# PR_SET_PDEATHSIG, GET_PDEATHSIG, GET_DUMPABLE, SET_DUMPABLE, SET_NAME, GET_NAME, CAPBSET_READ, SET_TIMERSLACK,
# GET_TIMERSLACK, SET_NO_NEW_PRIVS, GET_NO_NEW_PRIVS, SET_THP_DISABLE, GET_THP_DISABLE, SET_VMA.
_PRCTL = (1, 2, 3, 4, 15, 16, 23, 29, 30, 38, 39, 41, 42, 0x53564D41)

Instruction = tuple[int, int, int, int]
"""Operation, instructions to skip when true, when false, and the constant."""


class Check(NamedTuple):
    """Answers a call by half of one of its arguments; the kernel takes the low half alone of what is an int."""

    argument: int
    value: int
    answer: int
    jump: int = _JUMP_EQUAL
    holds: bool = True
    """Whether it answers where the test is true, or where it is not."""
    is_high: bool = False


_RULES: list[tuple[tuple[int, int], list[Check], int]] = [
    # clone3 hides its flags from a filter, so it is not implemented, and libc uses clone instead.
    (CLONE, [Check(0, _NAMESPACE_FLAGS, _NOT_PERMITTED, _JUMP_SET)], _ALLOW),
    # What types into a terminal.
    (IOCTL, [Check(1, _TIOCSTI, _NOT_PERMITTED), Check(1, _TIOCLINUX, _NOT_PERMITTED)], _ALLOW),
    # For itself alone: process 1 has the same user, and its limits are not the program's to change. Nor is the limit
    # of core dumps: only a limit of exactly 1 keeps the kernel from handing them to a program of the host's.
    (PRLIMIT, [Check(0, 0, _NOT_PERMITTED, holds=False), Check(1, _RLIMIT_CORE, _NOT_PERMITTED)], _ALLOW),
    (SETRLIMIT, [Check(0, _RLIMIT_CORE, _NOT_PERMITTED)], _ALLOW),
    # Any other family may have the kernel load a module.
    (SOCKETPAIR, [Check(0, _AF_UNIX, _NOT_PERMITTED, holds=False)], _ALLOW),
    # Files of the system are the same for all sandboxes, so their locks would be a way from one to another.
    (FCNTL, [Check(1, command, _NO_LOCKS) for command in _LOCKS_AND_LEASES], _ALLOW),
    (PRCTL, [Check(0, option, _ALLOW) for option in _PRCTL], _ERRNO | errno.EINVAL),
    # Children of a parent that ignores SIGCHLD vanish, and their CPU time with them, so it stays as it is. To pretend
    # breaks nobody: a runtime that watches every signal goes on, and waiting for children works.
    (
        SIGACTION,
        [
            Check(0, _SIGCHLD, _ALLOW, holds=False),
            Check(1, 0, _PRETEND, holds=False),
            Check(1, 0, _PRETEND, holds=False, is_high=True),
        ],
        _ALLOW,
    ),
]


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
    for numbers, checks, otherwise in _RULES:
        program += _rule(numbers[column], checks, otherwise)
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


def _rule(number: int, checks: list[Check], otherwise: int) -> list[Instruction]:
    """What answers the call `number`: the first check that holds, else `otherwise`."""
    body: list[Instruction] = []
    for check in checks:
        body += [
            (_LOAD, 0, 0, _ARGUMENTS_OFFSET + 8 * check.argument + 4 * check.is_high),
            (check.jump, 0, 1, check.value) if check.holds else (check.jump, 1, 0, check.value),
            (_RETURN, 0, 0, check.answer),
        ]
    body.append((_RETURN, 0, 0, otherwise))
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
