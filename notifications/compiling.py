"""C sources of our own: compiled once per machine, and kept."""

import contextlib
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

COMPILE_SECONDS = 60


class NotCompiled(Exception):
    """There is no C compiler, or it failed; the message says why."""


def compiled(source: Path, folder: Path, *options: str) -> Path:
    """What the C compiler makes of the source with these options, kept in the folder. Raises NotCompiled."""
    digest = hashlib.sha256(source.read_bytes() + repr(options).encode()).hexdigest()[:16]
    path = folder / f"{source.stem}-{digest}"
    if not path.exists():
        _compile(source, path, options)
    return path


def _compile(source: Path, path: Path, options: tuple[str, ...]) -> None:
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise NotCompiled("there is no C compiler: apt-get install gcc libc6-dev")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent)
    except OSError as error:
        raise NotCompiled(f"it has no place: {error}") from error
    os.close(descriptor)
    command = [compiler, *options, "-Wall", "-Wextra", "-o", temporary, str(source)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=COMPILE_SECONDS, check=False)
        if done.returncode != 0:
            raise NotCompiled(done.stderr.strip()[-500:])
        Path(temporary).chmod(0o755)
        # Atomic: two processes that start at once make the same file.
        Path(temporary).replace(path)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotCompiled(str(error)) from error
    finally:
        with contextlib.suppress(FileNotFoundError):
            Path(temporary).unlink()
