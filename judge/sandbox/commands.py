"""The command of one run: the runner around bubblewrap around the runner around the program."""

import os
import shutil
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from judge.sandbox import cgroups
from judge.sandbox.building import runner_path
from judge.sandbox.errors import SandboxUnavailable
from judge.sandbox.orders import BOX, MIB, Run

CONTROL_FD, COLLECT_FD, FILTER_FD, FIRST_FILE_FD = 3, 4, 5, 6
"""What bubblewrap and the runner find where (runner.c has the first two)."""


@lru_cache(maxsize=1)
def bubblewrap_path() -> str:
    """Raises SandboxUnavailable where bubblewrap is not installed."""
    path = shutil.which("bwrap")
    if path is None:
        raise SandboxUnavailable("bubblewrap is missing: apt-get install bubblewrap")
    return path


def command_of(job: Run, group: cgroups.Cgroup | None) -> list[str]:
    limits = job.limits
    uid, gid = sandbox_user()
    joins = ",".join(str(path) for path in group.join_paths) if group else ""
    argv = [
        str(runner_path()),
        "launch",
        str(uid),
        str(gid),
        str(limits.nice),
        str(FIRST_FILE_FD + len(job.files)),
        joins,
        "--",
        bubblewrap_path(),
        *_SHARED_NOTHING,
    ]
    argv += _system_arguments()
    for folder in job.folders:
        argv += ["--ro-bind", folder, folder]
    argv += ["--size", str(limits.tmp_bytes), "--tmpfs", "/tmp"]  # noqa: S108  # the sandbox's own
    argv += ["--symlink", "/tmp", "/dev/shm"]  # noqa: S108  # the sandbox's own
    for folder in job.make_folders:
        argv += ["--dir", folder]
    if job.needs_proc:
        argv += ["--proc", "/proc"]
    argv += ["--seccomp", str(FILTER_FD), "--ro-bind", str(runner_path()), "/runner"]
    for number, name in enumerate(job.files, FIRST_FILE_FD):
        # Plain files of the root, which becomes read-only below: a mount for each would cost time.
        argv += ["--perms", "0555", "--file", str(number), f"{BOX}/{name}"]
    for name, value in job.environment.items():
        argv += ["--setenv", name, value]
    address_space = -1
    if group is None and limits.bounded_address_space:
        address_space = limits.memory_bytes * 2 + 128 * MIB
    argv += ["--remount-ro", "/", "--chdir", "/tmp", "--", "/runner", "init"]  # noqa: S108  # the sandbox's own
    argv += [
        str(number)
        for number in (
            limits.cpu_ms,
            limits.wall_ms,
            address_space,
            limits.file_bytes,
            min(limits.memory_bytes, 256 * MIB),
            limits.open_files,
            # Where the group bounds them it also counts what it refused, so it should be met first.
            limits.processes + (16 if group is not None and group.counts_processes else 1),
        )
    ]
    return [*argv, job.collect or "-", str(job.collect_bytes), "--", *job.argv]


_SHARED_NOTHING = [
    "--unshare-user",
    "--uid",
    "1000",
    "--gid",
    "1000",
    "--unshare-pid",
    "--as-pid-1",
    "--unshare-net",
    "--unshare-ipc",
    "--unshare-uts",
    "--unshare-cgroup",
    "--hostname",
    "box",
    "--cap-drop",
    "ALL",
]


def environment() -> dict[str, str]:
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/tmp", "LANG": "C.UTF-8", "TMPDIR": "/tmp"}  # noqa: S108


@lru_cache(maxsize=1)
def _system_arguments() -> tuple[str, ...]:
    """The machine's programs and libraries, read-only, with our own folders hidden should they lie among them."""
    arguments = ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        path = Path("/") / name
        if path.is_symlink():
            arguments += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            arguments += ["--ro-bind", str(path), str(path)]
    for folder in (settings.BASE_DIR, settings.VAR_DIR, settings.JUDGE_DIR):
        if Path(folder).resolve().is_relative_to("/usr"):
            arguments += ["--tmpfs", str(Path(folder).resolve())]
    for device in ("null", "zero", "urandom"):
        arguments += ["--dev-bind", f"/dev/{device}", f"/dev/{device}"]
    # The same device but for its number (random(4)), and each mount costs time.
    arguments += ["--symlink", "urandom", "/dev/random"]
    return tuple(arguments)


def sandbox_user() -> tuple[int, int]:
    """The user and group that a run has outside: an unprivileged one of its own where we are root, else ourselves."""
    if os.geteuid() == 0:
        return settings.JUDGE_SANDBOX_UID, settings.JUDGE_SANDBOX_UID
    return os.geteuid(), os.getegid()
