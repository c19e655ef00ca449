"""Two regions in network namespaces of their own, with a line between them that is slow, or cut."""

import os
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from config import embedded_redis
from tests.chat.factories import make_room, make_user
from tests.notifications.live import LiveClient, live_client
from tests.notifications.sse import EventSource
from tests.servers.parts import missing
from tests.servers.processes import ServerProcess, child_environment, wait_until
from tests.servers.redis import RedisServer
from tests.servers.web import free_port, is_well

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.one_database]

LATENCY_SECONDS = 0.08
PORT = 7800
REDIS_PORT = 7801


@dataclass
class Regions:
    """`near` is a server here, `far` one in the other namespace; `line` is our end of what is between them."""

    near: str
    far: str
    far_pid: int
    line: str
    is_slow: bool


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@pytest.fixture
def namespace() -> Iterator[tuple[str, str, str]]:
    """A namespace behind a pair of virtual cards: its name, our address, and its own."""
    if os.getuid() != 0:
        missing("root", "network namespaces are made by root")
    if not shutil.which("ip"):
        missing("ip", "apt-get install iproute2")
    name = f"ck{uuid.uuid4().hex[:8]}"
    network = f"10.{os.getpid() % 200 + 20}.{os.getppid() % 250}"
    try:
        ip("netns", "add", name)
    except subprocess.CalledProcessError as error:
        missing("network namespaces", error.stderr.decode().strip())
    try:
        ip("link", "add", name, "type", "veth", "peer", "name", "line", "netns", name)
        ip("address", "add", f"{network}.1/30", "dev", name)
        ip("link", "set", name, "up")
        for words in ("address add {}.2/30 dev line", "link set line up", "link set lo up"):
            ip("-n", name, *words.format(network).split())
        yield name, f"{network}.1", f"{network}.2"
    finally:
        subprocess.run(["ip", "link", "del", name], check=False, capture_output=True)
        ip("netns", "del", name)


@pytest.fixture
def regions(namespace: tuple[str, str, str], tmp_path: Path, redis_server: RedisServer) -> Iterator[Regions]:
    name, here, there = namespace
    inside = ["ip", "netns", "exec", name]
    program = embedded_redis.find_server()
    common = ["--protected-mode", "no", "--save", "", "--appendonly", "no", "--dir", str(tmp_path)]
    primary_port, near_port = free_port(), free_port()
    primary = [program, "--port", str(primary_port), "--bind", here, *common]
    replica = [
        program,
        "--port",
        str(REDIS_PORT),
        "--bind",
        "127.0.0.1",
        "--replicaof",
        here,
        str(primary_port),
        *common,
    ]
    url = f"redis://{here}:{primary_port}/0"
    pings = {"LIVE_PING_SECONDS": "1", "LIVE_PONG_SECONDS": "3"}
    near = child_environment(REGION="in", HOST=here, PORT=str(near_port), REDIS_URL=url, ALLOWED_HOSTS="*", **pings)
    far = {**near, "REGION": "us", "HOST": there, "PORT": str(PORT)}
    far["REDIS_SUBSCRIBE_URL"] = f"redis://127.0.0.1:{REDIS_PORT}/0"
    started = [
        ServerProcess("redis-primary", primary),
        ServerProcess("redis-replica", [*inside, *replica]),
        ServerProcess("web-in", [sys.executable, "-m", "config.server"], environment=near),
        ServerProcess("web-us", [*inside, sys.executable, "-m", "config.server"], environment=far),
    ]
    try:
        started[2].wait_until(lambda: is_well(f"http://{here}:{near_port}"))
        started[3].wait_until(lambda: is_well(f"http://{there}:{PORT}"))
        delay = f"qdisc add dev {name} root netem delay {int(LATENCY_SECONDS * 1000)}ms"
        slow = subprocess.run(["tc", *delay.split()], check=False, capture_output=True).returncode == 0
        yield Regions(f"ws://{here}:{near_port}/ws/", f"ws://{there}:{PORT}/ws/", started[3].pid, name, slow)
    finally:
        for process in started:
            process.kill()


def connections_inside(pid: int) -> int:
    """Connections that the far server holds open to its port, counted in its own namespace."""
    lines = Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]
    return sum(line.split()[1].endswith(f":{PORT:04X}") and line.split()[3] == "01" for line in lines)


def test_people_in_two_regions_talk_and_a_cut_line_costs_no_message(regions: Regions) -> None:
    asha, ravi = make_user("asha"), make_user("ravi")
    room = make_room(asha, ravi)
    stream = f"room:{room.pk}"
    far = regions.far.replace("ws", "http", 1).removesuffix("/ws/")
    with (
        live_client(regions.near, asha) as hers,
        live_client(regions.far, ravi) as his,
        EventSource(f"{far}/streams/{stream}/sse", ravi) as source,
    ):
        source.wait_open()
        assert hers.call("server")["region"] == "in"
        assert his.call("server")["region"] == "us"
        start = time.monotonic()
        his.call("ping")
        if regions.is_slow:
            assert time.monotonic() - start >= LATENCY_SECONDS
        for client in (hers, his):
            client.call("streams.subscribe", stream=stream, after=0)
        for i in range(10):
            hers.call("chat.send", room=room.pk, body=f"hers {i}", client_id=str(uuid.uuid4()))
            his.call("chat.send", room=room.pk, body=f"his {i}", client_id=str(uuid.uuid4()))
        for client in (hers, his):
            wait_for(client, 20)
        assert hers.events == his.events
        cursor = his.events[-1]["seq"]
        # Cut: packets are lost, no one is told. The far server finds out by its pings and heartbeats.
        assert connections_inside(regions.far_pid) == 2
        ip("link", "set", regions.line, "down")
        start = time.monotonic()
        wait_until(lambda: connections_inside(regions.far_pid) == 0, what="the end of both half-open connections")
        assert time.monotonic() - start < 20
        ip("link", "set", regions.line, "up")
    with live_client(regions.far, ravi) as his, live_client(regions.near, asha) as hers:
        hers.call("chat.send", room=room.pk, body="meanwhile", client_id=str(uuid.uuid4()))
        his.call("streams.subscribe", stream=stream, after=cursor)
        wait_for(his, 1)
        hers.call("chat.send", room=room.pk, body="and live again", client_id=str(uuid.uuid4()))
        wait_for(his, 2)
        assert [event["seq"] for event in his.events] == list(range(cursor + 1, cursor + 1 + len(his.events)))


def wait_for(client: LiveClient, count: int) -> None:
    """Read until so many messages were posted."""
    while sum(event["type"] == "message.posted" for event in client.events) < count:
        client.receive(20)
