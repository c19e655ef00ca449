"""A client that is silently gone: its connection, and what hangs on it, must not stay."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import psutil
import pytest
from django.contrib.auth.models import User

from tests.notifications.live import cookie_of, live_client, make_reader, make_stream
from tests.servers.processes import wait_until
from tests.servers.web import WebServer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.one_database]

CLIENT = """
import json, sys, time
from websockets.sync.client import connect
url, headers, stream = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
with connect(url, additional_headers=headers, ping_interval=None) as socket:
    socket.send(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "streams.subscribe", "params": {"stream": stream}}))
    print(socket.recv(), flush=True)
    room = int(stream.partition(":")[2])
    socket.send(json.dumps({"jsonrpc": "2.0", "id": 2, "method": "chat.watch", "params": {"room": room}}))
    print(socket.recv(), flush=True)
    time.sleep(600)
"""


def open_connections(server: WebServer) -> int:
    established = psutil.Process(server.pid).net_connections("tcp")
    return sum(one.status == psutil.CONN_ESTABLISHED and one.laddr.port == server.port for one in established)


def people_seen_by(user: User, server: WebServer, stream: str) -> set[str]:
    """Who is online in the stream's room, as the person is told."""
    with live_client(server.ws_url, user) as client:
        online = client.call("chat.watch", room=int(stream.partition(":")[2]))["online"]
    return {person["user"] for person in online}


def test_a_client_that_stands_still_is_dropped_within_the_ping_and_the_pong(
    live_server_factory: Callable[..., list[WebServer]],
) -> None:
    """A stopped process answers no ping, though its kernel still acknowledges what comes: as after a lost line."""
    asha, ravi = make_reader(), make_reader()
    stream = make_stream(asha, ravi)
    [server] = live_server_factory(1, LIVE_PING_SECONDS="1", LIVE_PONG_SECONDS="3")
    command = [sys.executable, "-c", CLIENT, server.ws_url, json.dumps(cookie_of(asha)), stream]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as client:
        try:
            assert client.stdout is not None
            assert b'"result"' in client.stdout.readline()
            assert b'"result"' in client.stdout.readline()
            time.sleep(6)
            assert open_connections(server) == 1, "a client that answers pings stays"
            assert people_seen_by(ravi, server, stream) == {asha.username, ravi.username}
            os.kill(client.pid, signal.SIGSTOP)
            start = time.monotonic()
            wait_until(lambda: open_connections(server) == 0, seconds=30, what="the end of the connection")
            # 1 s to the ping, 3 s to the pong, up to 2 s to the check.
            assert time.monotonic() - start < 15
            assert people_seen_by(ravi, server, stream) == {ravi.username}
        finally:
            client.kill()
