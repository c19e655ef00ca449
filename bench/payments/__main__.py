"""Transfers per second against pgbench with the same statements, on one PostgreSQL, in one run.

make bench-payments                      about two minutes; docs/performance.md says what the figures mean
"""

import argparse
import signal
import statistics
import sys

from bench.cluster import postgres
from bench.payments.clients import measure
from bench.payments.http import HTTP_RATE, http
from bench.payments.peer import pgbench
from bench.payments.world import fill, set_up


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=6, help="of each measurement")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--modes", default="single,any,hot")
    options = arguments.parse_args()
    # A run that is ended from outside takes its servers with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    modes = [mode.replace(";", ",") for mode in options.modes.split(",")]
    with postgres() as folder:
        set_up(folder)
        fill()
        rates: dict[str, list[float]] = {}
        ratios: dict[str, float] = {}
        for number in range(options.rounds):
            for mode in ["pgbench", *modes]:
                rate = (
                    pgbench(folder, options.seconds) if mode == "pgbench" else measure(folder, mode, options.seconds)
                )
                rates.setdefault(mode, []).append(rate)
                print(f"round {number + 1}: {mode}: {rate:,.0f} transfers/s", flush=True)
        for mode, found in rates.items():
            shares = [rate / base for rate, base in zip(found, rates["pgbench"], strict=True)]
            ratios[mode] = statistics.median(shares)
            print(f"{mode}: {statistics.median(found):,.0f} transfers/s, {ratios[mode]:.2f} × pgbench")
        answers = sorted(http(folder, 3 * options.seconds))
        p50, p99 = answers[len(answers) // 2], answers[len(answers) * 99 // 100]
        print(f"HTTP: {HTTP_RATE} transfers/s with receipts through daphne: p50 {p50:.1f} ms, p99 {p99:.1f} ms")
        print(
            f"single_vs_pgbench={ratios['single']:.2f} batched_vs_pgbench={ratios['any']:.2f}"
            f" hot_vs_pgbench={ratios['hot']:.2f} http_p99_ms={p99:.1f}"
        )


if __name__ == "__main__":
    main()
