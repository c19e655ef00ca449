"""Redis dies and comes back under a busy stream; nobody has to reload, everything comes in order, once."""

import http.client
import sys
import threading
import time
from collections.abc import Callable

import pytest
from django.db import connections

from notifications.models import Event, Stream
from tests.notifications.live import LiveClient, append, live_client, make_reader, make_stream
from tests.servers.processes import ServerProcess, child_environment
from tests.servers.redis import RedisServer
from tests.servers.web import WebServer, free_port

pytestmark = pytest.mark.usefixtures("transactional_db")


def in_order(client: LiveClient, count: int) -> bool:
    numbers = client.numbers_until(count, seconds=30)
    return numbers == list(range(count)) and [event["seq"] for event in client.events] == list(range(1, count + 1))


def test_redis_killed_and_started_again_loses_and_doubles_nothing(
    live_server_factory: Callable[..., list[WebServer]], redis_server: RedisServer
) -> None:
    asha, ravi = make_reader(), make_reader()
    stream = make_stream(asha, ravi)
    one, other = live_server_factory(2)
    with live_client(one.ws_url, asha) as first, live_client(other.ws_url, ravi) as second:
        first.call("streams.subscribe", stream=stream, after=0)
        second.call("streams.subscribe", stream=stream, after=0)

        def write() -> None:
            for n in range(200):
                append(stream, n)  # raises where a write fails because Redis is away
                time.sleep(0.02)
            connections.close_all()

        writer = threading.Thread(target=write)
        writer.start()
        time.sleep(0.8)
        redis_server.kill()
        time.sleep(1.5)
        redis_server.start()
        writer.join()
        assert in_order(first, 200)
        assert in_order(second, 200)


def test_a_stream_subscribed_while_redis_is_away_is_served_and_joins_later(
    live_server_factory: Callable[..., list[WebServer]], redis_server: RedisServer
) -> None:
    asha = make_reader()
    stream = make_stream(asha)
    [server] = live_server_factory(1)
    redis_server.kill()
    with live_client(server.ws_url, asha) as client:
        append(stream, 0)
        client.call("streams.subscribe", stream=stream, after=0)
        append(stream, 1)
        assert in_order(client, 2)
        redis_server.start()
        time.sleep(3)
        for n in range(2, 20):
            append(stream, n)
        assert in_order(client, 20)


def test_news_that_never_came_is_found_in_the_database(
    live_server_factory: Callable[..., list[WebServer]], monkeypatch: pytest.MonkeyPatch
) -> None:
    asha = make_reader()
    stream = make_stream(asha)
    [server] = live_server_factory(1)
    with live_client(server.ws_url, asha) as client:
        client.call("streams.subscribe", stream=stream, after=0)
        with monkeypatch.context() as lost:
            lost.setattr("notifications.streams.appending.publish", lambda stream, events: None)
            append(stream, 0)
        start = time.monotonic()
        assert in_order(client, 1)
        assert time.monotonic() - start < 5
        # News with a hole in front of it: the hole is filled from the database, the order kept.
        with monkeypatch.context() as lost:
            lost.setattr("notifications.streams.appending.publish", lambda stream, events: None)
            append(stream, 1)
        append(stream, 2)
        assert in_order(client, 3)


def test_a_log_that_was_set_back_is_followed_from_there(
    live_server_factory: Callable[..., list[WebServer]],
) -> None:
    """As a restored backup or a failover does: what came after it is forgotten, and its numbers are given again."""
    asha = make_reader()
    stream = make_stream(asha)
    [server] = live_server_factory(1)
    with live_client(server.ws_url, asha) as client:
        client.call("streams.subscribe", stream=stream, after=0)
        for n in range(5):
            append(stream, n)
        assert in_order(client, 5)
        Event.objects.filter(stream__name=stream, seq__gt=2).delete()
        Stream.objects.filter(name=stream).update(last_seq=2)
        while not client.notices:
            client.receive()
        assert client.notices == [{"jsonrpc": "2.0", "method": "reset", "params": {"stream": stream, "seq": 2}}]
        append(stream, 5)
        assert client.numbers_until(6, seconds=10)[-1] == 5
        assert client.events[-1]["seq"] == 3


_BREAKS_OFF = """
import asyncio, sys
import django
django.setup()
from daphne.server import Server
from notifications.streams.daphne import cut_broken_responses

async def application(scope, receive, send):
    if scope["path"] == "/late":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
    raise RuntimeError("a fault")

cut_broken_responses()
Server(application, endpoints=[f"tcp:port={sys.argv[1]}:interface=127.0.0.1"]).run()
"""


@pytest.mark.one_database
def test_a_response_that_breaks_off_is_cut_and_leaves_the_server_whole() -> None:
    """Daphne alone would hang here, and from then on with every fault."""
    port = free_port()
    environment = child_environment(DJANGO_SETTINGS_MODULE="tests.settings")
    server = ServerProcess("breaks-off", [sys.executable, "-c", _BREAKS_OFF, str(port)], environment=environment)
    try:
        server.wait_until(lambda: _status(port, "/early"))
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            _status(port, "/late")
        assert _status(port, "/early") == 500
    finally:
        server.kill()


def _status(port: int, path: str) -> int | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
    except ConnectionRefusedError:
        return None
    answer = connection.getresponse()
    answer.read()
    return answer.status
