"""A private PostgreSQL cluster for one run of the tests."""

import contextlib
import os
import pwd
import subprocess
from pathlib import Path

import psycopg

from tests.servers.parts import find_postgres, missing
from tests.servers.processes import ServerProcess
from tests.settings import POSTGRES_SOCKET_DIR, TEST_DIR

# The tests ask for right answers, not for surviving a power cut.
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_directories": str(POSTGRES_SOCKET_DIR),
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "64MB",
}


class PostgresCluster:
    """A cluster that listens on a socket in the tests' folder and trusts whoever reaches it."""

    def __init__(self) -> None:
        self.url = f"postgresql://chowk@/postgres?host={POSTGRES_SOCKET_DIR}"
        self._process: ServerProcess | None = None

    def start(self) -> None:
        """Make the cluster and wait until it answers."""
        programs = find_postgres()
        account = _account()
        data = TEST_DIR / "postgres-data"
        for path in (data, POSTGRES_SOCKET_DIR):
            path.mkdir(mode=0o700)
            if account is not None:
                os.chown(path, account.pw_uid, account.pw_gid)
        if account is not None:
            # The server's account walks through the run's folder, but reads nothing in it.
            TEST_DIR.chmod(0o711)
        who = {"user": account.pw_uid, "group": account.pw_gid} if account is not None else {}
        initdb = [programs / "initdb", "--pgdata", data, "--username", "chowk", "--auth", "trust"]
        subprocess.run(
            [*initdb, "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd="/",
            extra_groups=[] if who else None,
            **who,
        )
        options = [f"--{name}={value}" for name, value in _SETTINGS.items()]
        self._process = ServerProcess("postgres", [programs / "postgres", "-D", data, *options], cwd=Path("/"), **who)
        self._process.wait_until(self._answers)

    def stop(self) -> None:
        if self._process is not None:
            self._process.popen.terminate()
            self._process.kill()

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


def _account() -> pwd.struct_passwd | None:
    """Whom the server runs as: PostgreSQL refuses root, so then its own account or nobody."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    return missing("an account for PostgreSQL", "apt-get install postgresql")
