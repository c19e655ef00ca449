"""What stops `make run` before it starts says so in one line, with the fix."""

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.servers.chowk_run import copy_prepared, prepare, run_environment
from tests.servers.processes import ServerProcess


def refusal(environment: dict[str, str]) -> str:
    done = prepare(environment)
    assert done.returncode == 1, done.stdout + done.stderr
    lines = [line for line in done.stderr.splitlines() if "is missing" not in line]
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("chowk: ")
    assert "Traceback" not in done.stderr
    return lines[0]


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_taken_port(tmp_path: Path, taken_port: int) -> None:
    line = refusal(run_environment(tmp_path, PORT=str(taken_port)))
    assert f"Port {taken_port}" in line
    assert f"PORT={taken_port + 1} make run" in line


def test_an_unreachable_redis(tmp_path: Path) -> None:
    line = refusal(run_environment(tmp_path, REDIS_URL="redis://:secret@127.0.0.1:1/0"))
    assert "REDIS_URL" in line
    assert "Fix: " in line
    assert "secret" not in line


def test_a_redis_url_that_is_none(tmp_path: Path) -> None:
    assert "REDIS_URL" in refusal(run_environment(tmp_path, REDIS_URL="localhost"))


def test_an_unreachable_database(tmp_path: Path) -> None:
    url = "postgresql://chowk:secret@127.0.0.1:1/chowk"
    line = refusal(run_environment(tmp_path, DATABASE_URL=url))
    assert "DATABASE_URL" in line
    assert "Fix: " in line
    assert "secret" not in line


def test_a_database_url_of_another_kind(tmp_path: Path) -> None:
    assert "DATABASE_URL" in refusal(run_environment(tmp_path, DATABASE_URL="mysql://localhost/chowk"))


def test_a_value_that_is_not_a_number(tmp_path: Path) -> None:
    assert "PORT must be a whole number" in refusal(run_environment(tmp_path, PORT="eighty"))


def test_debug_for_others_to_see(tmp_path: Path) -> None:
    line = refusal(run_environment(tmp_path, HOST="0.0.0.0"))  # noqa: S104 (to be refused)
    assert "DEBUG=0" in line


def test_a_production_run_that_holds_the_demo_world(tmp_path: Path) -> None:
    copy_prepared(tmp_path / "var")
    done = prepare(run_environment(tmp_path / "var", DEBUG="0", EMAIL_HOST="localhost"))
    assert done.returncode == 1
    assert "asha" in done.stderr
    assert "changepassword" in done.stderr


def test_a_production_run_starts_empty_with_hashed_files(tmp_path: Path) -> None:
    done = prepare(run_environment(tmp_path, DEBUG="0", EMAIL_HOST="localhost"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "static" / "staticfiles.json").exists()


def test_killed_while_it_loads_the_demo_world(tmp_path: Path) -> None:
    loading = "import django; django.setup(); from config import prepare; prepare.start_redis(); input()"
    settings = {"DJANGO_SETTINGS_MODULE": "config.settings"}
    process = ServerProcess(
        "prepare", [sys.executable, "-c", loading], environment=run_environment(tmp_path, **settings)
    )
    process.wait_until(lambda: (tmp_path / "redis" / "redis.sock").exists())
    [redis_server] = psutil.Process(process.pid).children()
    process.popen.kill()
    assert psutil.wait_procs([redis_server], timeout=10)[1] == []
