"""The set-up: read by any Python, and one line with the fix for whatever a machine lacks."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from config import bootstrap
from tests.servers.processes import PROJECT_DIR

SCRIPT = PROJECT_DIR / "config" / "bootstrap.py"

AS_OLD_PYTHON = """
import runpy, sys
sys.version_info = (3, 9, 2, "final", 0)
sys.argv = [{script!r}, "run"]
runpy.run_path({script!r}, run_name="__main__")
"""


def run_python(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *arguments],
        env={"PATH": "/nowhere", **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the set-up and the requirements alone."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "bootstrap.py").write_text(SCRIPT.read_text())
    (tmp_path / "requirements.txt").write_text("")
    return tmp_path


@pytest.mark.parametrize("minor", [7, 8, 9, 10])
def test_an_old_python_can_read_it(minor: int) -> None:
    ast.parse(SCRIPT.read_text(), feature_version=(3, minor))


def test_an_old_python_says_so_in_one_line() -> None:
    done = run_python("-c", AS_OLD_PYTHON.format(script=str(SCRIPT)))
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert "needs Python 3.11 or newer" in line
    assert "3.9" in line
    assert "Fix: " in line


def test_an_old_python_hands_over_to_a_newer_one(tmp_path: Path) -> None:
    newer = tmp_path / "python3.12"
    newer.write_text('#!/bin/sh\necho "newer: $2"\n')
    newer.chmod(0o755)
    done = run_python("-c", AS_OLD_PYTHON.format(script=str(SCRIPT)), PATH=str(tmp_path))
    assert done.stdout.strip().endswith("newer: run")


def test_a_stand_in_for_a_python_that_is_not_there_is_passed_over(tmp_path: Path) -> None:
    shim = tmp_path / "python3.12"
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)
    done = run_python("-c", AS_OLD_PYTHON.format(script=str(SCRIPT)), PATH=str(tmp_path))
    assert "needs Python 3.11 or newer" in done.stderr


def test_a_python_without_venv_says_so_in_one_line(checkout: Path) -> None:
    (checkout / "without" / "ensurepip").mkdir(parents=True)
    (checkout / "without" / "ensurepip" / "__init__.py").write_text("raise ImportError")
    done = run_python(str(checkout / "config" / "bootstrap.py"), "run", PYTHONPATH=str(checkout / "without"))
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert "apt-get install python3." in line
    assert "-venv" in line


def test_a_folder_that_is_no_environment_is_not_deleted(checkout: Path) -> None:
    (checkout / ".venv").mkdir()
    (checkout / ".venv" / "thesis.txt").write_text("mine")
    done = run_python(str(checkout / "config" / "bootstrap.py"), "run")
    assert done.returncode == 1
    assert "move it away" in done.stderr
    assert (checkout / ".venv" / "thesis.txt").exists()


def test_missing_packages_are_named_with_what_they_are_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bootstrap, "is_there", lambda program: program != "bwrap")
    monkeypatch.setattr(bootstrap, "can_install_packages", lambda: False)
    bootstrap.install_parts(bootstrap.RUN_PARTS)
    [line] = capsys.readouterr().err.splitlines()
    assert "apt-get install bubblewrap" in line
    assert "submissions wait" in line


def test_root_installs_what_is_missing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    calls: list[list[str]] = []
    monkeypatch.setattr(bootstrap, "is_there", lambda program: program not in ("bwrap", "gcc"))
    monkeypatch.setattr(bootstrap, "can_install_packages", lambda: True)
    monkeypatch.setattr(bootstrap, "apt_get", lambda arguments: calls.append(arguments) or len(calls) > 1)
    bootstrap.install_parts(bootstrap.RUN_PARTS)
    assert [call[0] for call in calls] == ["install", "update", "install"]
    assert calls[0][-2:] == ["bubblewrap", "gcc"]
    assert "is missing" not in capsys.readouterr().err


def test_make_without_python_says_so_in_one_line() -> None:
    done = subprocess.run(
        ["make", "--silent", "run", "PYTHON=python-of-nowhere"],
        cwd=PROJECT_DIR,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "apt-get install python3" in done.stderr
