"""The parts of the system that tests need: one that is missing skips the test, saying which."""

import glob
import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest


def missing(part: str, fix: str) -> NoReturn:
    """Skip the test for want of a part; where CI=true every part must be there, so it fails."""
    reason = f"{part} is missing: {fix}"
    if os.environ.get("CI", "").lower() in ("1", "true"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def find_program(*names: str, package: str) -> Path:
    """The first of the programs that is on PATH (or where Debian keeps servers), else `missing`."""
    for name in names:
        found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/sbin")
        if found:
            return Path(found)
    missing(names[0], f"apt-get install {package}")


def find_postgres() -> Path:
    """The folder of PostgreSQL's server programs, which Debian keeps off PATH."""
    on_path = shutil.which("postgres")
    if on_path:
        return Path(on_path).resolve().parent
    folders = [Path(path).parent for path in glob.glob("/usr/lib/postgresql/*/bin/postgres")]
    if folders:
        return max(folders, key=lambda folder: float(folder.parent.name))
    missing("postgresql", "apt-get install postgresql")
