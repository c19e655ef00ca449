"""Transfers per second against pgbench with the same statements, on one PostgreSQL, in one run.

make bench-payments                      about two minutes; docs/performance.md says what the figures mean
"""

import argparse
import asyncio
import contextlib
import itertools
import json
import multiprocessing
import os
import random
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.cluster import postgres, program

WALLETS = 1_000
EARLIER_TRANSFERS = 50_000
CLIENTS = 8
IN_FLIGHT = 256
HTTP_RATE = 200
HTTP_CONNECTIONS = 32
HTTP_PEOPLE = 100


def set_up(folder: str) -> None:
    os.environ.setdefault("LOG_LEVEL", "ERROR")
    os.environ["DATABASE_URL"] = f"postgresql://chowk@/chowk?host={folder}"
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    os.environ.setdefault("VAR_DIR", tempfile.mkdtemp(prefix="chowk-bench-var-"))
    import django

    django.setup()


def fill() -> None:
    """A database that is not new: people, wallets with money, and transfers made before."""
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO auth_user (username, password, is_superuser, first_name, last_name, email, is_staff,"
            " is_active, date_joined) SELECT 'person' || i, '', false, '', '', '', false, true, now()"
            " FROM generate_series(1, %s) i",
            [WALLETS],
        )
        cursor.execute(
            "INSERT INTO payments_account (kind, name, user_id, may_overdraw, balance_paise, entry_count, last_hash,"
            " spent_day_paise, spent_month_paise, created_at)"
            " SELECT 'wallet', '', id, false, 0, 0, decode(repeat('00', 32), 'hex'), 0, 0, now() FROM auth_user"
        )
    from payments.ledger import post_transfers, system_id

    bank = system_id("bank")
    orders = OrderMaker(0)
    post_transfers([orders.make(bank, wallet, 10**11) for wallet in wallet_ids()])
    for _ in range(EARLIER_TRANSFERS // 1_000):
        post_transfers([orders.between(*random.sample(wallet_ids(), 2)) for _ in range(1_000)])
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")


def wallet_ids() -> list[int]:
    from payments.models import Account

    if not hasattr(wallet_ids, "known"):
        wallet_ids.known = list(Account.objects.filter(kind="wallet").values_list("id", flat=True))  # type: ignore[attr-defined]
    return wallet_ids.known  # type: ignore[attr-defined]


class OrderMaker:
    """Orders with keys that no other maker uses."""

    def __init__(self, number: int) -> None:
        self._prefix = f"bench-{time.time_ns()}-{number}"
        self._count = itertools.count()

    def make(self, payer: int, payee: int, paise: int) -> Any:
        from payments.ledger import Order

        return Order(payer, payee, paise, "transfer", f"{self._prefix}-{next(self._count)}")

    def between(self, payer: int, payee: int) -> Any:
        return self.make(payer, payee, random.randint(1, 500))


def chooser(mode: str) -> Callable[[], tuple[int, int]]:
    """Picks payer and payee: any two wallets, or the hot one and any other, in either direction."""
    wallets = wallet_ids()

    def any_two() -> tuple[int, int]:
        payer, payee = random.sample(wallets, 2)
        return payer, payee

    def hot_and_other() -> tuple[int, int]:
        other = random.choice(wallets[1:])
        return (wallets[0], other) if random.random() < 0.5 else (other, wallets[0])

    return hot_and_other if mode == "hot" else any_two


def run_single(seconds: float, post: Callable[[Any], object]) -> int:
    """One transfer after the other."""
    done = 0
    end = time.perf_counter() + seconds
    orders, choose = OrderMaker(os.getpid()), chooser("any")
    while time.perf_counter() < end:
        post(orders.between(*choose()))
        done += 1
    return done


def run_batched(seconds: float, write: Callable[[Any], Any], mode: str) -> int:
    """Requests that are always IN_FLIGHT, each of them followed by another when it is answered."""
    from notifications.batching import Batcher
    from payments.services.gathering import MAX_BATCH

    batcher: Any = Batcher(write, max_items=MAX_BATCH, name="bench")
    orders, choose = OrderMaker(0), chooser(mode)
    end = time.perf_counter() + seconds
    done = 0
    idle = threading.Semaphore(0)

    def answered(future: Any) -> None:
        nonlocal done
        future.result()
        done += 1
        if time.perf_counter() < end:
            submit()
        else:
            idle.release()

    def submit() -> None:
        batcher.submit(orders.between(*choose())).add_done_callback(answered)

    for _ in range(IN_FLIGHT):
        submit()
    for _ in range(IN_FLIGHT):
        idle.acquire()
    return done


def worker(folder: str, mode: str, seconds: float, start: Any, counts: Any) -> None:
    set_up(folder)
    from payments.ledger import post_transfer, post_transfers
    from payments.services import settle, settle_one

    wallet_ids()
    start.wait()
    begin = time.perf_counter()
    if mode == "single":
        count = run_single(seconds, post_transfer)
    elif mode == "single, receipts":
        count = run_single(seconds, settle_one)
    elif mode == "batched, receipts":
        count = run_batched(seconds, settle, "any")
    else:
        count = run_batched(seconds, post_transfers, mode)
    counts.put(count / (time.perf_counter() - begin))


def measure(folder: str, mode: str, seconds: float) -> float:
    """Transfers per second: one at a time in as many processes as pgbench has clients, or batched in one process."""
    count = CLIENTS if mode.startswith("single") else 1
    context = multiprocessing.get_context("spawn")
    start, counts = context.Barrier(count + 1), context.Queue()
    workers = [context.Process(target=worker, args=(folder, mode, seconds, start, counts)) for _ in range(count)]
    for process in workers:
        process.start()
    start.wait()
    total = sum(counts.get() for _ in workers)
    for process in workers:
        process.join()
    return total


def pgbench(folder: str, seconds: float) -> float:
    """Transfers per second of pgbench: the service's statements, prepared, one transaction per transfer."""
    with tempfile.TemporaryDirectory() as scripts:
        script = Path(scripts) / "transfer.sql"
        script.write_text(pgbench_script())
        # Each client counts its own keys; runs are told apart by the time of their start.
        command = [
            program("pgbench"),
            "-h",
            folder,
            "-U",
            "chowk",
            "-n",
            "-M",
            "prepared",
            "-c",
            str(CLIENTS),
            "-j",
            "2",
        ]
        command += [
            "-T",
            str(max(1, round(seconds))),
            "-D",
            f"run={int(time.time()) % 100_000}",
            "-D",
            "i=0",
            "-f",
            str(script),
        ]
        said = subprocess.run([*command, "chowk"], check=True, stdout=subprocess.PIPE, text=True).stdout
    return float(re.search(r"tps = ([\d.]+)", said)[1])  # type: ignore[index]


def pgbench_script() -> str:
    """The texts of payments/ledger/postgresql.py with pgbench's variables for their parameters.

    pgbench can neither hash nor keep a row for the next statement, so hashes are constant, and the new balance and
    number of an account are counted up from the old ones: the same rows and indexes are read and written.
    """
    from payments.ledger.postgresql import FIND_KEYS, LOCK, WRITE

    wallets = wallet_ids()
    transfer = "lpad(to_hex(:id::bigint), 32, '0')"
    hashes = "decode(repeat('5a', 64), 'hex')"
    values = {
        "at": "now()",
        "ids": f"ARRAY[{transfer}]",
        "kinds": "ARRAY['transfer']",
        "payers": "ARRAY[:payer]",
        "payees": "ARRAY[:payee]",
        "amounts": "ARRAY[:paise]",
        "notes": "ARRAY['']",
        "keys": f"ARRAY[{transfer}]",
        "creators": "ARRAY[NULL]",
        "reversed": "ARRAY[NULL]",
        "entry_accounts": "ARRAY[:payer, :payee]",
        "seqs": "ARRAY[:id, :id]",
        "entry_transfers": f"ARRAY[{transfer}, {transfer}]",
        "entry_amounts": "ARRAY[:minus, :paise]",
        "entry_balances": "ARRAY[1, 1]",
        "hashes": hashes,
        "accounts": "ARRAY[:payer, :payee]",
        "balances": "ARRAY[:minus, :paise]",
        "entry_counts": "ARRAY[1, 1]",
        "last_hashes": hashes,
        "spent_on": "ARRAY[NULL, NULL]",
        "spent_day": "ARRAY[0, 0]",
        "spent_month": "ARRAY[0, 0]",
    }
    write = re.sub(r"%\((\w+)\)s", lambda found: values[found[1]], WRITE)
    write = write.replace(
        "balance_paise = new.balance_paise,", "balance_paise = payments_account.balance_paise + new.balance_paise,"
    )
    write = write.replace(
        "entry_count = new.entry_count,", "entry_count = payments_account.entry_count + new.entry_count,"
    )
    find = FIND_KEYS.replace("%s", "ARRAY[:payer]", 1).replace("%s", f"ARRAY[{transfer}]", 1)
    return "\n".join(
        [
            r"\set i :i + 1",
            rf"\set payer random({min(wallets)}, {max(wallets)})",
            rf"\set step random(1, {len(wallets) - 1})",
            rf"\set payee {min(wallets)} + (:payer - {min(wallets)} + :step) % {len(wallets)}",
            r"\set paise random(1, 500)",
            r"\set minus 0 - :paise",
            # Rises, as the service's do: new rows go to the indexes' ends.
            r"\set id :run * 10000000000000 + :client_id * 100000000000 + :i",
            "BEGIN;",
            _one_line(LOCK.replace("%s", "ARRAY[:payer, :payee]::bigint[]")),
            _one_line(find),
            _one_line(write),
            "COMMIT;",
        ]
    )


def _one_line(statement: str) -> str:
    return " ".join(statement.split()) + ";"


def http(folder: str, seconds: float) -> list[float]:
    """Milliseconds of each answer to POST /api/transfers through daphne, sent at HTTP_RATE whatever comes back."""
    from django.contrib.auth.models import User

    from config.tokens import issue_token

    people = list(User.objects.order_by("pk")[:HTTP_PEOPLE])
    tokens = [issue_token(user=user, scopes=["wallet:transfer"], lifetime=timedelta(hours=1)) for user in people]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    var = Path(os.environ["VAR_DIR"])
    (var / "redis").mkdir(parents=True, exist_ok=True)
    quiet: Any = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    redis = subprocess.Popen(
        ["redis-server", "--port", "0", "--unixsocket", str(var / "redis" / "redis.sock"), "--save", ""], **quiet
    )
    root = Path(__file__).resolve().parent.parent
    web = subprocess.Popen(
        [sys.executable, "-m", "daphne", "-p", str(port), "config.asgi:application"],
        cwd=root,
        env={**os.environ, "DEBUG": "0", "SECURE_SSL_REDIRECT": "0"},
        **quiet,
    )
    try:
        for _ in range(300):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.1)
        send = HttpSender(port, tokens, [user.username for user in people])
        asyncio.run(send.run(2))
        send.milliseconds.clear()
        asyncio.run(send.run(seconds))
        if send.failures:
            raise SystemExit(f"{len(send.failures)} requests failed: {send.failures[0]}")
        return send.milliseconds
    finally:
        for process in (web, redis):
            process.kill()
            process.wait()


class HttpSender:
    """An open loop: requests leave at their time, and wait counts from then, also for a free connection."""

    def __init__(self, port: int, tokens: list[str], names: list[str]) -> None:
        self._port, self._tokens, self._names = port, tokens, names
        self._run = time.time_ns()
        self._count = itertools.count()
        self.milliseconds: list[float] = []
        self.failures: list[str] = []

    async def run(self, seconds: float) -> None:
        free: asyncio.Queue[Any] = asyncio.Queue()
        for _ in range(HTTP_CONNECTIONS):
            free.put_nowait(await asyncio.open_connection("127.0.0.1", self._port))
        start, tasks = time.perf_counter(), []
        for number in range(int(seconds * HTTP_RATE)):
            due = start + number / HTTP_RATE
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            tasks.append(asyncio.create_task(self._send(free, due)))
        await asyncio.gather(*tasks)
        while not free.empty():
            free.get_nowait()[1].close()

    async def _send(self, free: Any, due: float) -> None:
        payer = random.randrange(len(self._tokens))
        payee = (payer + random.randrange(1, len(self._names))) % len(self._names)
        body = json.dumps({"recipient": self._names[payee], "amount_paise": random.randint(1, 500)}).encode()
        head = (
            f"POST /api/transfers HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self._tokens[payer]}\r\n"
            f"Idempotency-Key: {self._run}-{next(self._count)}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        connection = await free.get()
        reader, writer = connection
        writer.write(head.encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", answer)
        content = await reader.readexactly(int(length[1])) if length else b""
        if b" 201 " not in answer.split(b"\r\n", 1)[0]:
            self.failures.append(f"{answer[:60]!r} {content[:200]!r}")
        self.milliseconds.append((time.perf_counter() - due) * 1000)
        free.put_nowait(connection)


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
