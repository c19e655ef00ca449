"""The clients of the service: processes that post one transfer after the other, or gather many in flight."""

import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from typing import Any

from bench.payments.world import OrderMaker, chooser, set_up, wallet_ids

CLIENTS = 8
IN_FLIGHT = 256


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
