"""What a load balancer and a browser ask a server, as ASGI applications: no session, no middleware, no page.

`/healthz` says that the process answers, `/readyz` that it has what it needs to serve, `/regions` where the fleet's
other servers are.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import redis
from django.conf import settings
from django.db import Error, close_old_connections, connection
from django.db.migrations.executor import MigrationExecutor

from notifications.fleet import oldest_due_seconds
from notifications.streams.encoding import dumps
from notifications.streams.http import MethodNotAllowed, Receive, Scope, Send, answering, respond

PATIENCE_SECONDS = 3
"""What does not answer within this is down, for whoever waits for a page."""

REDIS_TIMEOUT_SECONDS = 1

# Whoever reads a region's answer learns nothing of a person, and the page that measures comes from another region.
_FOR_ALL = {"access-control-allow-origin": "*", "timing-allow-origin": "*"}


@answering
async def healthz(scope: Scope, receive: Receive, send: Send) -> None:
    """200 as long as the process answers."""
    _only_read(scope)
    await respond(send, 200, dumps(_who()), _FOR_ALL)


@answering
async def readyz(scope: Scope, receive: Receive, send: Send) -> None:
    """200 with the database and Redis there and the migrations applied, else 503 with what is wrong.

    With `?deep` also how long the oldest due delivery of each queue has waited: over a minute, and nobody works on it.
    """
    _only_read(scope)
    problems = await _readiness().problems()
    answer = {**_who(), "ready": not problems, "problems": problems}
    if b"deep" in scope["query_string"].split(b"&") and "database" not in problems:
        answer["oldest_due_seconds"] = await asyncio.to_thread(_oldest_due_seconds)
    await respond(send, 503 if problems else 200, dumps(answer))


@answering
async def regions(scope: Scope, receive: Receive, send: Send) -> None:
    """The regions' names and addresses, of which a browser connects to the nearest."""
    _only_read(scope)
    places = [{"name": name, "url": url} for name, url in settings.REGIONS.items()]
    await respond(send, 200, dumps({**_who(), "regions": places}), _FOR_ALL)


def _oldest_due_seconds() -> dict[str, float]:
    close_old_connections()
    try:
        return {name: round(seconds, 1) for name, seconds in oldest_due_seconds().items()}
    finally:
        connection.close()


def _only_read(scope: Scope) -> None:
    if scope["method"] not in ("GET", "HEAD"):
        raise MethodNotAllowed(allow="GET, HEAD")


def _who() -> dict[str, Any]:
    return {"region": settings.REGION, "server": settings.SERVER_NAME}


class Readiness:
    """Asks what the server depends on; whoever asks meanwhile gets the same answer, so a crowd costs one question."""

    def __init__(self) -> None:
        # A thread of its own for each question: one that hangs must not keep the streams from the database.
        self._threads = ThreadPoolExecutor(max_workers=len(CHECKS), thread_name_prefix="ready")
        self._asking: asyncio.Future[dict[str, str]] | None = None

    async def problems(self) -> dict[str, str]:
        """What is wrong, by the part that it is wrong with; empty when all is well."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.ensure_future(self._ask())
        return await asyncio.shield(self._asking)

    async def _ask(self) -> dict[str, str]:
        answers = await asyncio.gather(*(self._answer(check) for check in CHECKS.values()))
        return {name: answer for name, answer in zip(CHECKS, answers, strict=True) if answer}

    async def _answer(self, check: Callable[[], str]) -> str:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await asyncio.get_running_loop().run_in_executor(self._threads, check)
        except TimeoutError:
            return f"no answer within {PATIENCE_SECONDS} s"


def database_problem() -> str:
    """Empty when the database answers and has all migrations."""
    close_old_connections()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        missing = _migrations_missing()
    except Error as error:
        return f"does not answer ({type(error).__name__})"
    finally:
        close_old_connections()
    return f"migrations to apply: {missing} (manage.py migrate)" if missing else ""


def redis_problem() -> str:
    """Empty when the Redis that takes queues and news answers."""
    return _redis_problem(settings.REDIS_URL)


def redis_subscribe_problem() -> str:
    """Empty when the Redis that brings news answers: the region's replica, or the same one."""
    same = settings.REDIS_SUBSCRIBE_URL == settings.REDIS_URL
    return "" if same else _redis_problem(settings.REDIS_SUBSCRIBE_URL)


def _redis_problem(url: str) -> str:
    timeout = REDIS_TIMEOUT_SECONDS
    try:
        with redis.Redis.from_url(url, socket_timeout=timeout, socket_connect_timeout=timeout) as client:
            client.ping()
    except redis.RedisError as error:
        return f"does not answer ({type(error).__name__})"
    return ""


CHECKS: dict[str, Callable[[], str]] = {
    "database": database_problem,
    "redis": redis_problem,
    "redis_subscribe": redis_subscribe_problem,
}

_all_applied = False


def _migrations_missing() -> int:
    """How many migrations of this code the database lacks. Once it has them all it is not asked again: the code of a
    process does not change, and reading the migrations takes a fifth of a second."""
    global _all_applied
    if _all_applied:
        return 0
    executor = MigrationExecutor(connection)
    missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    _all_applied = missing == 0
    return missing


@cache
def _readiness() -> Readiness:
    return Readiness()
