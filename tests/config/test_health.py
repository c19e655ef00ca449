"""/healthz, /readyz and /regions: what a load balancer and a browser go by."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections
from django.db.migrations.recorder import MigrationRecorder

from config import health
from tests.notifications.live import get
from tests.servers.redis import RedisServer
from tests.servers.web import WebServer


def ask(server: WebServer, path: str) -> tuple[int, Any]:
    status, _, body = get(server.url + path)
    return status, json.loads(body)


def ask_here(application: Any, method: str = "GET") -> tuple[int, Any]:
    """The same without a server, for what no server can be made to do."""
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    asyncio.run(application({"method": method, "headers": [], "query_string": b""}, receive, send))
    return sent[0]["status"], json.loads(sent[1]["body"])


@pytest.fixture(autouse=True)
def fresh_readiness(monkeypatch: pytest.MonkeyPatch) -> None:
    health._readiness.cache_clear()
    monkeypatch.setattr(health, "_all_applied", False)


def test_a_server_says_who_it_is_and_that_it_is_ready(daphne: WebServer) -> None:
    status, answer = ask(daphne, "/healthz")
    assert (status, answer["region"]) == (200, "local")
    assert answer["server"].endswith(f":{daphne.port}")
    assert ask(daphne, "/readyz") == (200, {**answer, "ready": True, "problems": {}})


def test_none_of_them_opens_a_session_and_any_page_may_measure(daphne: WebServer) -> None:
    for path in ("/healthz", "/readyz", "/regions"):
        _, headers, _ = get(daphne.url + path)
        assert "set-cookie" not in headers
        assert "no-store" in headers["cache-control"]
        assert headers.get("access-control-allow-origin") == (None if path == "/readyz" else "*")


@pytest.mark.one_database
def test_without_redis_a_server_lives_but_is_not_ready(
    live_server_factory: Callable[..., list[WebServer]], redis_server: RedisServer
) -> None:
    [server] = live_server_factory()
    redis_server.kill()
    assert ask(server, "/healthz")[0] == 200
    status, answer = ask(server, "/readyz")
    assert (status, answer["ready"]) == (503, False)
    assert answer["problems"] == {"redis": "does not answer (ConnectionError)"}
    redis_server.start()
    assert ask(server, "/readyz")[0] == 200


def test_a_pending_migration_is_named_until_it_is_applied(
    live_server_factory: Callable[..., list[WebServer]],
) -> None:
    [server] = live_server_factory()
    table = MigrationRecorder(connection).migration_qs
    row = table.filter(app="chat").latest("pk")
    table.filter(pk=row.pk).delete()
    try:
        status, answer = ask(server, "/readyz")
        assert (status, list(answer["problems"])) == (503, ["database"])
        assert "migrations to apply: 1" in answer["problems"]["database"]
    finally:
        row.save(force_insert=True)
    assert ask(server, "/readyz")[0] == 200


@pytest.mark.django_db(transaction=True)
def test_without_a_database_a_server_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: object) -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr(type(connections["default"]), "cursor", refuse)
    assert ask_here(health.healthz)[0] == 200
    status, answer = ask_here(health.readyz)
    assert (status, answer["problems"]) == (503, {"database": "does not answer (DatabaseError)"})


def test_what_hangs_is_down_and_a_crowd_asks_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def hang() -> str:
        asked.append(1)
        time.sleep(0.3)
        return ""

    monkeypatch.setattr(health, "CHECKS", {"database": hang})
    monkeypatch.setattr(health, "PATIENCE_SECONDS", 0.1)

    async def crowd() -> list[dict[str, str]]:
        readiness = health.Readiness()
        return list(await asyncio.gather(*(readiness.problems() for _ in range(50))))

    assert asyncio.run(crowd()) == [{"database": "no answer within 0.1 s"}] * 50
    assert len(asked) == 1


def test_the_regions_are_listed(settings: Any) -> None:
    settings.REGION, settings.SERVER_NAME = "in", "in-1"
    settings.REGIONS = {"in": "https://in.example.org", "us": "https://us.example.org"}
    assert ask_here(health.regions) == (
        200,
        {
            "region": "in",
            "server": "in-1",
            "regions": [
                {"name": "in", "url": "https://in.example.org"},
                {"name": "us", "url": "https://us.example.org"},
            ],
        },
    )


@pytest.mark.parametrize("application", [health.healthz, health.readyz, health.regions])
def test_they_only_read(application: Any) -> None:
    status, answer = ask_here(application, "POST")
    assert (status, answer["error"]["code"]) == (405, "method_not_allowed")
