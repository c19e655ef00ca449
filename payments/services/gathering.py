"""Transfers that come at the same time are posted together: one transaction, each with its own result.

A lone transfer is posted at once, in its own thread. One that comes while another is being posted joins those that
wait, and the next transaction takes all of them: batches grow with the load.
"""

import threading
import time

from django.db import connection

from notifications.batching import Batcher
from payments.ledger import Order, Posted
from payments.services.transfers import settle, settle_one

MAX_BATCH = 200
"""Orders in one transaction at most: beyond it the time per transfer falls no further, and locks are held longer."""

TIMEOUT_SECONDS = 30.0

GATHER_SECONDS = 0.005
"""From the end of one batch to the next: what a transaction costs besides its transfers is several times what each of
them does, and without it a busy server would write them by ones and twos."""

_batcher: Batcher[Order, Posted] = Batcher(
    settle, max_items=MAX_BATCH, name="ledger", pause=lambda: time.sleep(GATHER_SECONDS)
)
_turn = threading.Lock()
_posting = 0


def settle_gathered(order: Order) -> Posted:
    """`settle_one()`, together with whatever other threads settle meanwhile. Raises the order's own refusal.

    In a transaction of the caller's it is part of that one alone.
    """
    global _posting
    if connection.in_atomic_block:
        return settle_one(order)
    with _turn:
        is_alone = _posting == 0
        _posting += 1
    try:
        if is_alone:
            return settle_one(order)
        future = _batcher.submit(order)
        if connection.vendor == "postgresql":
            # Give the connection back to the pool: were all of them held by threads that wait here, the one that
            # posts for them could get none.
            connection.close()
        return future.result(TIMEOUT_SECONDS)
    finally:
        with _turn:
            _posting -= 1
