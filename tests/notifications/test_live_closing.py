"""Connections end when their right ends, when the server stops, and when the client is gone or too slow."""

import json
import signal
import socket
import time
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import transaction
from websockets.exceptions import ConnectionClosed

from notifications import streams
from tests.notifications.live import LiveClient, append, cookie_of, get, live_client, make_reader, make_stream
from tests.notifications.sse import EventSource
from tests.servers.web import WebServer

pytestmark = pytest.mark.usefixtures("transactional_db")

SIGN_IN, RESTARTING, TOO_SLOW = 4001, 1012, 4008


def close_code(client: LiveClient, seconds: float = 10) -> int:
    """Read until the server closes, and say with which code."""
    deadline = time.monotonic() + seconds
    closed: ConnectionClosed | None = None
    while closed is None:
        try:
            client.socket.recv(timeout=max(0.01, deadline - time.monotonic()))
        except ConnectionClosed as error:
            closed = error
    assert closed.rcvd is not None, "the connection was dropped without a close frame"
    return closed.rcvd.code


def log_out(user: User) -> None:
    Session.objects.all().delete()


def change_password(user: User) -> None:
    user.set_password("another-sesame-9")
    user.save()


def deactivate(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


@pytest.mark.parametrize("end", [log_out, change_password, deactivate])
def test_a_session_that_ends_closes_its_sockets_on_every_server(
    live_server_factory: Callable[..., list[WebServer]], end: Callable[[User], None]
) -> None:
    asha = make_reader()
    one, other = live_server_factory(2)
    with live_client(one.ws_url, asha) as first, live_client(other.ws_url, asha) as second:
        first.call("ping")
        second.call("ping")
        end(asha)
        start = time.monotonic()
        assert close_code(first) == SIGN_IN
        assert close_code(second) == SIGN_IN
        assert time.monotonic() - start < 5


def test_a_session_that_ends_closes_event_streams_and_polls(daphne: WebServer) -> None:
    asha = make_reader()
    stream = make_stream(asha)
    with EventSource(f"{daphne.url}/streams/{stream}/sse", asha) as source:
        source.wait_open()
        log_out(asha)
        assert source.next_data() == {}
        assert source.event == "signed_out"
        assert source.is_ended()


def test_a_revoked_right_ends_the_subscription_on_every_server_and_transport(
    live_server_factory: Callable[..., list[WebServer]],
) -> None:
    asha, ravi = make_reader(), make_reader()
    stream = make_stream(asha, ravi)
    one, other = live_server_factory(2)
    with (
        live_client(one.ws_url, asha) as banned,
        live_client(one.ws_url, ravi) as staying,
        EventSource(f"{other.url}/streams/{stream}/sse", asha) as source,
    ):
        banned.call("streams.subscribe", stream=stream, after=0)
        staying.call("streams.subscribe", stream=stream, after=0)
        source.wait_open()
        with transaction.atomic():
            streams.revoke(user_id=asha.pk, stream=stream)
        start = time.monotonic()
        while not banned.notices:
            banned.receive(5)
        assert banned.notices[0]["params"] == {"stream": stream}
        assert source.next_data()["stream"] == stream
        assert source.event == "revoked"
        assert source.is_ended()
        assert time.monotonic() - start < 5
        append(stream, 1)
        assert staying.numbers_until(1) == [1]
        assert banned.call("ping") == {}
        assert banned.events == []


def test_sigterm_tells_clients_to_come_back_and_ends_the_server(
    live_server_factory: Callable[..., list[WebServer]],
) -> None:
    asha = make_reader()
    stream = make_stream(asha)
    append(stream, 0)
    [server] = live_server_factory(1)
    with (
        live_client(server.ws_url, asha) as client,
        EventSource(f"{server.url}/streams/{stream}/sse", asha) as source,
        socket.create_connection(("127.0.0.1", server.port)) as waiting,
    ):
        client.call("ping")
        source.wait_open()
        waiting.sendall(_long_poll(stream, asha))
        time.sleep(0.5)
        start = time.monotonic()
        server.popen.send_signal(signal.SIGTERM)
        assert close_code(client) == RESTARTING
        assert source.is_ended()
        assert waiting.recv(100).startswith(b"HTTP/1.1 200")
        assert server.popen.wait(10) == 0
        assert time.monotonic() - start < 10
    assert "Traceback" not in server.output()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port))


def _long_poll(stream: str, user: User) -> bytes:
    cookie = cookie_of(user)["Cookie"]
    head = f"GET /streams/{stream}/events?after=1&wait=20 HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n"
    return head.encode()


def test_clients_that_read_nothing_are_closed_as_too_slow_and_resume_without_loss(
    live_server_factory: Callable[..., list[WebServer]],
) -> None:
    asha, ravi = make_reader(), make_reader()
    stream = make_stream(asha, ravi)
    [server] = live_server_factory(1)
    with live_client(server.ws_url, asha, max_queue=1) as sleeper, live_client(server.ws_url, ravi) as awake:
        sleeper.call("streams.subscribe", stream=stream, after=0)
        awake.call("streams.subscribe", stream=stream, after=0)
        before = _resident_bytes(server.pid)
        total = 0
        for _ in range(60):
            append(stream, *range(total, total + 100), size=2000)
            total += 100
            awake.numbers_until(total)
            awake.call("streams.ack", seqs={stream: total})
        assert awake.numbers_until(total) == list(range(total))
        assert _resident_bytes(server.pid) - before < 60 * 1024 * 1024
        code = close_code(sleeper)
        assert code == TOO_SLOW
    seen = 0
    with live_client(server.ws_url, asha) as again:
        again.call("streams.subscribe", stream=stream, after=seen)
        assert again.numbers_until(total) == list(range(total))


def test_a_client_that_never_acknowledges_is_closed_as_too_slow(daphne: WebServer) -> None:
    asha = make_reader()
    stream = make_stream(asha)
    with live_client(daphne.ws_url, asha) as client:
        client.call("streams.subscribe", stream=stream, after=0)
        append(stream, *range(1200))
        assert client.numbers_until(1200) == list(range(1200))
        assert close_code(client) == TOO_SLOW


def test_the_newest_password_is_asked_at_each_new_connection(daphne: WebServer) -> None:
    asha = make_reader()
    stream = make_stream(asha)
    cookie = cookie_of(asha)
    assert get(f"{daphne.url}/streams/{stream}/events", headers=cookie)[0] == 200
    change_password(asha)
    status, _, body = get(f"{daphne.url}/streams/{stream}/events", headers=cookie)
    assert (status, json.loads(body)["error"]["code"]) == (404, "unknown_stream")


def _resident_bytes(pid: int) -> int:
    with open(f"/proc/{pid}/statm") as statm:
        return int(statm.read().split()[1]) * 4096
