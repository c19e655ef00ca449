"""What fifty clients that read nothing, yet go on pinging, cost the others of their room."""

import select
import socket
import statistics
import time
from contextlib import suppress
from dataclasses import dataclass

from bench.live.load import Client, Load, connect
from bench.live.peers import Servers

STALLED = 50
RATE = 50_000
"""Deliveries per second offered to the clients that read."""
STALLED_SECONDS = 15
"""Long enough to fall 1,000 events behind; short enough to find the close frame before the server cuts the line."""
TOO_SLOW = b"\x88\x02\x0f\xa8"
"""The close frame with code 4008."""
_ESTABLISHED = 1
"""Linux's number for it in TCP_INFO."""
_PING = b"\x89\x80\0\0\0\0"


@dataclass
class StalledFigures:
    p99_ms: float
    """Median over the rounds, while nobody stalls."""
    p99_stalled_ms: float
    grown_mib: float
    """Resident memory of the server at its highest, above what it was before."""
    closed: int
    """How many of the stalled clients found a close frame with 4008 when they read at last."""

    def __str__(self) -> str:
        ratio = self.p99_stalled_ms / self.p99_ms
        return (
            f"{STALLED} clients that read nothing: p99 {self.p99_ms:.1f} → {self.p99_stalled_ms:.1f} ms "
            f"({ratio:.2f}×), memory +{self.grown_mib:.0f} MiB, {self.closed} closed with 4008"
        )


def measure_stalled(servers: Servers, *, clients: int, seconds: float, rounds: int) -> StalledFigures:
    """Rounds with and without stalled clients in turn, so that a slow minute of the machine meets both."""
    alone, together, grown, closed = [], [], 0.0, 0
    load = Load(servers.peer, servers.ports, clients)
    for _ in range(rounds):
        alone.append(load.run_rate(RATE, seconds)[2])
        before = servers.resident_bytes()
        stalled = [connect(servers.peer, servers.ports[n % len(servers.ports)], n) for n in range(STALLED)]
        worst = []
        end = time.monotonic() + STALLED_SECONDS
        while time.monotonic() < end:
            worst.append(load.run_rate(RATE, min(seconds, 2))[2])
            grown = max(grown, (servers.resident_bytes() - before) / 2**20)
            for client in stalled:
                _ping(client)
        together.append(statistics.median(worst))
        closed = sum(_was_too_slow(client) for client in stalled)
    load.close()
    return StalledFigures(statistics.median(alone), statistics.median(together), grown, closed)


def _ping(client: Client) -> None:
    # To a server that has closed, a ping would be answered by a reset, which throws away what is still to be read.
    state = client.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
    if state == _ESTABLISHED:
        client.sock.send(_PING, socket.MSG_DONTWAIT)


def _was_too_slow(client: Client) -> bool:
    """Read what waits to its end."""
    tail = b""
    # A server that waited in vain for the answer to its close frame resets; what came before is there all the same.
    with suppress(ConnectionResetError), client.sock:
        while tail != TOO_SLOW and select.select([client.sock], [], [], 2)[0]:
            data = client.sock.recv(1 << 20)
            if not data:
                break
            tail = (tail + data)[-len(TOO_SLOW) :]
    return tail == TOO_SLOW
