"""A private Redis for one run of the tests, which a test may kill and start again."""

import contextlib

import redis
from django.conf import settings

from config import embedded_redis
from tests.servers.processes import ServerProcess


class RedisServer:
    """The Redis that the settings under test point to."""

    def __init__(self) -> None:
        self.url: str = settings.REDIS_URL
        self._directory = settings.VAR_DIR / "redis"
        self._socket = self._directory / "redis.sock"
        self._process: ServerProcess | None = None
        self.client = redis.Redis.from_url(self.url)

    def start(self) -> None:
        """Start it where it does not run, with what its append-only file holds."""
        if self.is_running():
            return
        self._directory.mkdir(exist_ok=True)
        arguments = embedded_redis.server_arguments(directory=self._directory, socket=self._socket)
        self._process = ServerProcess("redis", [embedded_redis.find_server(), *arguments])
        self._process.wait_until(self._answers)

    def is_running(self) -> bool:
        return self._process is not None and self._process.is_running()

    def kill(self) -> None:
        """End it as a power cut would; news and queues not yet on disk are lost."""
        if self._process is not None:
            self._process.kill()
            self._socket.unlink(missing_ok=True)

    def restart(self) -> None:
        """Kill it and start it again."""
        self.kill()
        self.start()

    def lose_everything(self) -> None:
        """Kill it and start it empty: every queue and every piece of news is gone."""
        self.kill()
        for path in sorted(self._directory.rglob("*"), reverse=True):
            if path.is_dir():
                path.rmdir()
            else:
                path.unlink()
        self.start()

    def clean(self) -> None:
        """Start it where a test left it dead, and empty it."""
        self.start()
        self.client.flushall()

    def _answers(self) -> bool:
        with contextlib.suppress(redis.RedisError):
            return bool(self.client.ping())
        return False
