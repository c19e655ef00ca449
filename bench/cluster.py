"""A private PostgreSQL with its default, durable settings, for benchmarks: in a folder of its own, gone at the end."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SETTINGS = {
    "shared_buffers": "256MB",
    "max_connections": "200",
    "min_wal_size": "1GB",
    "max_wal_size": "4GB",
    "listen_addresses": "",
}
"""fsync, synchronous_commit and full_page_writes stay on, as they come."""

WAL_SEGMENTS = 40
"""Ready to be written again, as in every cluster that is older than its first checkpoints. In a fresh one each commit
that comes to the end of a segment waits until 16 MiB of zeros are on the disk, 60 to 80 ms."""


def program(name: str) -> str:
    """The path of one of PostgreSQL's programs, newest version first."""
    found = shutil.which(name) or next(
        (str(path) for path in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)), None
    )
    if found is None:
        raise SystemExit(f"{name} is missing. Fix: apt-get install postgresql")
    return found


@contextmanager
def postgres(keep: Path | None = None) -> Iterator[str]:
    """Yields the socket folder of a running cluster, whose superuser is `chowk`; in the folder `keep` it stays."""
    folder = keep or Path(tempfile.mkdtemp(prefix="chowk-bench-"))
    folder.mkdir(exist_ok=True)
    who = {}
    if os.getuid() == 0:
        account = pwd.getpwnam("postgres")
        who = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        os.chown(folder, account.pw_uid, account.pw_gid)
    data = folder / "data"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/", **who}
    is_new = not data.exists()
    if is_new:
        subprocess.run([program("initdb"), "-D", data, "-U", "chowk", "-A", "trust"], check=True, **quiet)
    options = [f"--{name}={value}" for name, value in SETTINGS.items()]
    server = subprocess.Popen([program("postgres"), "-D", data, "-k", folder, *options], **quiet)
    try:
        for _ in range(100):
            ready = subprocess.run([program("pg_isready"), "-h", folder], stdout=subprocess.DEVNULL, check=False)
            if ready.returncode == 0:
                break
            time.sleep(0.1)
        if is_new:
            subprocess.run([program("createdb"), "-h", folder, "-U", "chowk", "chowk"], check=True)
            segment = "SELECT pg_logical_emit_message(true, '', ''); SELECT pg_switch_wal();"
            filling = [program("psql"), "-h", folder, "-U", "chowk", "-d", "chowk", "-q", "-o", os.devnull]
            subprocess.run(filling, input=segment * WAL_SEGMENTS + "CHECKPOINT;", text=True, check=True)
        yield str(folder)
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(20)
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)
