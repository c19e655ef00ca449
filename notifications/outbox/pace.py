"""The rate a provider allows, shared by all workers of a channel through Redis."""

import time
from collections.abc import Callable

import redis
from django.conf import settings

from notifications.queues import queue_named


def wait_for_turn(channel: str, is_stopping: Callable[[], bool]) -> None:
    """Return when one more message may be sent, or when the worker is asked to stop. Without Redis each worker keeps
    the rate by itself."""
    rate = settings.DELIVERY_RATES.get(channel, 0)
    if not rate:
        return
    while not is_stopping():
        now = time.time()
        if _take(channel, int(now)) <= rate:
            return
        time.sleep(max(0.005, int(now) + 1 - time.time()))


def _take(channel: str, second: int) -> int:
    key = f"chowk:rate:{channel}:{second}"
    try:
        pipeline = queue_named(channel).connection.pipeline()
        pipeline.incr(key)
        pipeline.expire(key, 5)
        return int(pipeline.execute()[0])
    except redis.RedisError:
        time.sleep(1 / settings.DELIVERY_RATES[channel])
        return 0
