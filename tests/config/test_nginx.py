"""The nginx configuration of docs/deploy in front of two production servers: pages, files, and the WebSocket."""

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import websockets
from django.contrib.auth.models import User

from tests.servers.nginx import Nginx
from tests.servers.sessions import session_cookie
from tests.servers.web import WebServer

pytestmark = pytest.mark.one_database


@pytest.fixture
def behind_nginx(live_server_factory: Callable[..., list[WebServer]], tmp_path: Path) -> Iterator[tuple[str, list]]:
    servers = live_server_factory(2, BEHIND_PROXY="1")
    nginx = Nginx(tmp_path, servers)
    nginx.wait_ready()
    yield nginx.url, servers
    nginx.stop()


def answers(url: str) -> bool:
    try:
        return bool(urllib.request.urlopen(url, timeout=5).status == 200)
    except OSError:
        return False


def test_pages_come_through_and_a_dead_server_is_passed_over(behind_nginx: tuple[str, list]) -> None:
    url, servers = behind_nginx
    assert all(answers(f"{url}/accounts/login/") for _ in range(4))
    servers[0].kill()
    assert all(answers(f"{url}/accounts/login/") for _ in range(8))


def test_the_websocket_comes_through(behind_nginx: tuple[str, list]) -> None:
    url, _ = behind_nginx
    headers = {"Cookie": session_cookie(User.objects.create_user("asha"))}

    async def call() -> dict:
        async with websockets.connect(
            url.replace("http", "ws") + "/ws/", origin=url, additional_headers=headers
        ) as socket:
            await socket.send(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "no.such.method"}))
            return json.loads(await asyncio.wait_for(socket.recv(), timeout=10))

    answer = asyncio.run(call())
    assert answer["id"] == 1
    assert answer["error"]["code"] == -32601
