"""The runner: compiled once per machine from runner.c, and kept."""

import contextlib
import hashlib
import os
import shutil
import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from judge.sandbox.errors import SandboxUnavailable

SOURCE = Path(__file__).with_name("runner.c")
COMPILE_SECONDS = 60


@lru_cache(maxsize=1)
def runner_path() -> Path:
    """The compiled runner.

    Raises:
        SandboxUnavailable: there is no C compiler, or it failed.
    """
    digest = hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16]
    path = shared_folder() / f"runner-{digest}"
    if not path.exists():
        _compile(path)
    return path


def shared_folder() -> Path:
    """Where the sandbox's user can read: our own folder, unless we are root, whose folders are closed to others."""
    return Path(settings.JUDGE_DIR) if os.geteuid() else Path("/var/cache/chowk-judge")


def _compile(path: Path) -> None:
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise SandboxUnavailable("the sandbox needs a C compiler once: apt-get install gcc libc6-dev")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            path.parent.chmod(0o755)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent)
    except OSError as error:
        raise SandboxUnavailable(f"the sandbox's runner has no place: {error}") from error
    os.close(descriptor)
    # Static, so that it starts fast and needs nothing in the sandbox.
    command = [compiler, "-Os", "-static", "-s", "-Wall", "-Wextra", "-o", temporary, str(SOURCE)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=COMPILE_SECONDS, check=False)
        if done.returncode != 0:
            raise SandboxUnavailable(f"the sandbox's runner does not compile: {done.stderr.strip()[-500:]}")
        Path(temporary).chmod(0o755)
        # Atomic: two workers that start at once make the same file.
        Path(temporary).replace(path)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SandboxUnavailable(f"the sandbox's runner does not compile: {error}") from error
    finally:
        with contextlib.suppress(FileNotFoundError):
            Path(temporary).unlink()
