"""The ES modules' own tests, run by node."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.servers.parts import missing
from tests.servers.processes import PROJECT_DIR

FILES = sorted((PROJECT_DIR / "tests" / "js").glob("*.test.mjs"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_javascript(path: Path):
    node = shutil.which("node")
    if node is None:
        missing("node", "apt-get install nodejs")
    run = subprocess.run([node, "--test", path], capture_output=True, text=True, cwd=PROJECT_DIR, timeout=120)
    assert run.returncode == 0, run.stdout + run.stderr
