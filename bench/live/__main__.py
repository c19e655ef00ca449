"""`make bench-live`: deliveries per second, latency, CPU and memory of Chowk and its peers, in one run."""

import argparse
import statistics
import tempfile
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from bench.cluster import postgres
from bench.live import peers
from bench.live.load import Load, keep_a_processor
from bench.live.peers import Servers
from bench.live.stalled import measure_stalled

IDLE_CONNECTIONS = 2000


@dataclass
class Figures:
    name: str
    window8: float
    window64: float
    p50_ms: dict[int, float]
    p99_ms: dict[int, float]
    cpu_per_million: float
    idle_kib: float


def measure(servers: Servers, *, clients: int, seconds: float, rounds: int, rates: list[int]) -> Figures:
    """Medians over the rounds."""
    window8, window64, cpu = [], [], []
    latencies: dict[int, list[tuple[float, float]]] = {rate: [] for rate in rates}
    for _ in range(rounds):
        load = Load(servers.peer, servers.ports, clients)
        before = servers.cpu_seconds()
        window8.append(load.run_window(8, seconds))
        window64.append(rate := load.run_window(64, seconds))
        cpu.append((servers.cpu_seconds() - before) / ((window8[-1] + rate) * seconds) * 1e6)
        for offered in rates:
            _, p50, p99 = load.run_rate(offered, seconds)
            latencies[offered].append((p50, p99))
        load.close()
    return Figures(
        servers.peer.name,
        statistics.median(window8),
        statistics.median(window64),
        {rate: statistics.median(p50 for p50, _ in pairs) for rate, pairs in latencies.items()},
        {rate: statistics.median(p99 for _, p99 in pairs) for rate, pairs in latencies.items()},
        statistics.median(cpu),
        idle_kib(servers),
    )


def idle_kib(servers: Servers) -> float:
    """Memory of the server per connection that follows the room and is silent."""
    before = servers.resident_bytes()
    load = Load(servers.peer, servers.ports, IDLE_CONNECTIONS)
    used = servers.resident_bytes() - before
    load.close()
    return used / IDLE_CONNECTIONS / 1024


def row(figures: Figures) -> str:
    latency = "  ".join(f"{figures.p50_ms[rate]:6.1f}/{figures.p99_ms[rate]:7.1f}" for rate in figures.p99_ms)
    return (
        f"{figures.name:44} {figures.window8:10,.0f} {figures.window64:10,.0f}  {latency}  "
        f"{figures.cpu_per_million:7.2f} {figures.idle_kib:8.1f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=500)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=["chowk", "ws", "socketio", "tutorial"], action="append")
    parser.add_argument("--stalled", action="store_true", help="also with clients that stop reading")
    options = parser.parse_args()
    wanted = options.only or ["chowk", "ws", "socketio", "tutorial"]
    rates = [50_000, 100_000]
    results: dict[str, Figures] = {}
    keep_a_processor()
    with tempfile.TemporaryDirectory(prefix="chowk-bench-") as temporary, postgres() as cluster:
        folder = Path(temporary)
        with peers.redis(folder) as redis_url:
            starts: dict[str, AbstractContextManager[Servers]] = {
                "ws": peers.node_ws(),
                "chowk": peers.chowk(folder, cluster, redis_url, people=options.clients, processes=options.processes),
                "socketio": peers.socket_io(redis_url),
                "tutorial": peers.tutorial(redis_url),
            }
            latency = "  ".join(f"p50/p99 ms at {rate // 1000}k/s" for rate in rates)
            print(f"{options.clients} clients in one room, messages of 100 bytes; deliveries per second")
            print(f"{'':44} {'window 8':>10} {'window 64':>10}  {latency}  CPU s/M KiB idle", flush=True)
            for name, start in starts.items():
                if name not in wanted:
                    continue
                with start as servers:
                    # The slow ones would spend the run on a queue they never get through.
                    offered = rates if name in ("ws", "chowk") else rates[:1] if name == "socketio" else []
                    results[name] = measure(
                        servers, clients=options.clients, seconds=options.seconds, rounds=options.rounds, rates=offered
                    )
                    print(row(results[name]), flush=True)
                    if name == "chowk" and options.stalled:
                        print(measure_stalled(servers, clients=options.clients, seconds=2, rounds=options.rounds))
    if "chowk" in results and "ws" in results:
        ours, theirs = results["chowk"], results["ws"]
        print(
            f"window64_vs_ws={ours.window64 / theirs.window64:.2f} window8_vs_ws={ours.window8 / theirs.window8:.2f} "
            f"p99_50k_vs_ws={ours.p99_ms[50_000] / theirs.p99_ms[50_000]:.2f} "
            f"p99_100k_vs_ws={ours.p99_ms[100_000] / theirs.p99_ms[100_000]:.2f} idle_kib={ours.idle_kib:.1f}"
        )


if __name__ == "__main__":
    main()
