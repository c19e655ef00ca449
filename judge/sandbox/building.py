"""The runner: compiled once per machine from runner.c, and kept."""

import os
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from judge.sandbox.errors import SandboxUnavailable
from notifications.compiling import NotCompiled, compiled

SOURCE = Path(__file__).with_name("runner.c")


@lru_cache(maxsize=1)
def runner_path() -> Path:
    """The compiled runner.

    Raises:
        SandboxUnavailable: there is no C compiler, or it failed.
    """
    folder = shared_folder()
    try:
        # Static, so that it starts fast and needs nothing in the sandbox.
        path = compiled(SOURCE, folder, "-Os", "-static", "-s")
        if os.geteuid() == 0:
            folder.chmod(0o755)
    except (NotCompiled, OSError) as error:
        raise SandboxUnavailable(f"the sandbox's runner does not compile: {error}") from error
    return path


def shared_folder() -> Path:
    """Where the sandbox's user can read: our own folder, unless we are root, whose folders are closed to others."""
    return Path(settings.JUDGE_DIR) if os.geteuid() else Path("/var/cache/chowk-judge")
