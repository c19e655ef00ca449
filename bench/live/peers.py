"""Chowk and its peers: how to start each server, and how a client speaks to it."""

import itertools
import json
import os
import re
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.live.load import Client, Peer

ROOT = Path(__file__).resolve().parent.parent.parent
HERE = Path(__file__).resolve().parent

_SEQ = re.compile(rb'"seq":(\d+)')
_ids = itertools.count(1)


class Servers:
    """Server processes of one peer: their ports and process ids."""

    def __init__(self, peer: Peer, ports: list[int], pids: list[int]) -> None:
        self.peer = peer
        self.ports = ports
        self.pids = pids

    def cpu_seconds(self) -> float:
        """User and system time that the server processes have used so far."""
        ticks = 0
        for pid in self.pids:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def resident_bytes(self) -> int:
        pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in self.pids)
        return pages * os.sysconf("SC_PAGE_SIZE")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _processes(commands: list[list[str]], environments: list[dict[str, str]], cwd: Path) -> Iterator[list[int]]:
    ports = [int(environment["PORT"]) for environment in environments]
    running = [
        subprocess.Popen(command, env={**os.environ, **environment}, cwd=cwd, stdout=subprocess.DEVNULL)
        for command, environment in zip(commands, environments, strict=True)
    ]
    try:
        for port in ports:
            _wait_for(port)
        yield [process.pid for process in running]
    finally:
        for process in running:
            process.terminate()
        for process in running:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_for(port: int, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise SystemExit(f"nothing answers on port {port}") from None
            time.sleep(0.1)
        else:
            return


@contextmanager
def redis(folder: Path) -> Iterator[str]:
    """A private Redis without persistence; yields its URL."""
    port = _free_port()
    server = ["redis-server", "--port", str(port), "--save", "", "--dir", str(folder), "--bind", "127.0.0.1"]
    with _processes([server], [{"PORT": str(port)}], folder):
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def chowk(folder: Path, postgres: str, redis_url: str, *, people: int, processes: int) -> Iterator[Servers]:
    """Chowk's servers, storing every message in PostgreSQL before it is sent."""
    base = {
        "DATABASE_URL": f"postgresql://chowk@/chowk?host={postgres}",
        "REDIS_URL": redis_url,
        "VAR_DIR": str(folder / "var"),
        "ENV_FILE": os.devnull,
        "DEBUG": "0",
        "SECRET_KEY": "bench",
        "LOG_LEVEL": "WARNING",
        # The load's few senders write faster than people may.
        "CHAT_MESSAGES_PER_MINUTE": "10000000",
        "CHAT_MESSAGES_AT_ONCE": "1000000",
    }
    prepare = subprocess.run(
        [sys.executable, "-m", "bench.live.prepare", str(people)],
        env={**os.environ, **base},
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
    )
    world = json.loads(prepare.stdout)
    stream, room, cookies = f"room:{world['room']}", world["room"], world["cookies"]

    def encode(text: str) -> bytes:
        params = {"room": room, "body": text, "client_id": str(uuid.uuid4())}
        return json.dumps({"jsonrpc": "2.0", "id": next(_ids), "method": "chat.send", "params": params}).encode()

    def call(method: str, params: dict[str, object], **id_: int) -> bytes:
        return json.dumps({"jsonrpc": "2.0", **id_, "method": method, "params": params}).encode()

    def acknowledge(client: Client) -> bytes | None:
        seqs = _SEQ.findall(client.last)
        return call("streams.ack", {"seqs": {stream: int(seqs[-1])}}) if seqs else None

    peer = Peer(
        name=f"chowk, {processes} process{'es' if processes > 1 else ''}, stored in PostgreSQL",
        path="/ws/",
        encode=encode,
        hello=lambda client: [call("streams.subscribe", {"stream": stream}, id=0)],
        acknowledge=acknowledge,
        headers=lambda number: {"Cookie": f"sessionid={cookies[number % len(cookies)]}"},
    )
    ports = [_free_port() for _ in range(processes)]
    environments = [{**base, "PORT": str(port), "PUBLIC_URL": f"http://127.0.0.1:{port}"} for port in ports]
    with _processes([[sys.executable, "-m", "config.server"]] * processes, environments, ROOT) as pids:
        yield Servers(peer, ports, pids)


@contextmanager
def node_ws() -> Iterator[Servers]:
    """node's ws, which keeps nothing."""
    peer = Peer("node ws, in memory", "/", encode=lambda text: json.dumps({"message": text}).encode())
    with _node("ws.cjs", {}) as (ports, pids):
        yield Servers(peer, ports, pids)


@contextmanager
def socket_io(redis_url: str) -> Iterator[Servers]:
    """socket.io with its Redis adapter, which keeps nothing."""
    peer = Peer(
        "socket.io, Redis adapter",
        "/socket.io/?EIO=4&transport=websocket",
        encode=lambda text: b"42" + json.dumps(["message", text]).encode(),
        hello=lambda client: [b"40"],
        answer=lambda client, data: b"3" if data == b"\x81\x012" else None,
    )
    with _node("socketio.cjs", {"REDIS_URL": redis_url}) as (ports, pids):
        yield Servers(peer, ports, pids)


@contextmanager
def tutorial(redis_url: str) -> Iterator[Servers]:
    """Channels' tutorial consumer on daphne with the pub/sub layer, which keeps nothing."""
    peer = Peer("Channels' tutorial on daphne", "/", encode=lambda text: json.dumps({"message": text}).encode())
    port = _free_port()
    command = [sys.executable, "-m", "daphne", "-v0", "-p", str(port), "bench.live.tutorial.asgi:application"]
    with _processes([command], [{"PORT": str(port), "REDIS_URL": redis_url}], ROOT) as pids:
        yield Servers(peer, [port], pids)


@contextmanager
def _node(script: str, environment: dict[str, str]) -> Iterator[tuple[list[int], list[int]]]:
    install_node_packages()
    port = _free_port()
    with ExitStack() as stack:
        command = ["node", str(HERE / "node" / script)]
        pids = stack.enter_context(_processes([command], [{**environment, "PORT": str(port)}], HERE / "node"))
        yield [port], pids


def install_node_packages() -> None:
    if not (HERE / "node" / "node_modules").exists():
        command = ["npm", "install", "--no-audit", "--no-fund", "--silent", "--no-package-lock"]
        subprocess.run(command, cwd=HERE / "node", check=True)
