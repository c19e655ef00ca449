"""Runs the private Redis."""

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config import embedded_redis


class Command(BaseCommand):
    help = "Run the private Redis on its socket under var/redis, with its append-only file beside it."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.EMBEDDED_REDIS:
            raise CommandError("REDIS_URL is set, so the Redis it names is used and the embedded one stays off.")
        socket = settings.REDIS_SOCKET
        directory = settings.VAR_DIR / "redis"
        try:
            server = embedded_redis.find_server()
            embedded_redis.make_private_directory(directory)
            embedded_redis.make_private_directory(socket.parent)
            embedded_redis.take_lock(directory)
        except embedded_redis.EmbeddedRedisError as error:
            raise CommandError(str(error)) from None
        # Redis takes this process's place, so that a signal meant for it needs no one to pass it on.
        os.execv(server, [str(server), *embedded_redis.server_arguments(directory=directory, socket=socket)])  # noqa: S606 (our own arguments, no shell)
