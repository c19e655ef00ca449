"""How often somebody may do a thing, counted in Redis for the whole fleet."""

import time

from redis import Redis

from notifications.queues import queue_named


class Pace:
    """At most so many in so many seconds, by whoever does it.

    A sliding window of two counters: the window before counts for the part of it that is not over yet, so that the
    change of windows lets nobody do twice as much. All of it raises redis.RedisError where Redis is away: the caller
    says what that means.
    """

    def __init__(self, name: str, *, at_most: int, seconds: int) -> None:
        self._name = name
        self._at_most = at_most
        self._seconds = seconds

    def take(self, who: str) -> bool:
        """Count one more; where there is no room, count nothing and answer False."""
        window, passed = self._now()
        with self._redis().pipeline(transaction=False) as pipeline:
            pipeline.incr(self._key(who, window))
            pipeline.expire(self._key(who, window), 2 * self._seconds)
            pipeline.get(self._key(who, window - 1))
            mine, _, before = pipeline.execute()
        if self._weighed(before, passed) + mine <= self._at_most:
            return True
        self._redis().decr(self._key(who, window))
        return False

    def is_full(self, who: str) -> bool:
        """Whether there is no room for one more."""
        window, passed = self._now()
        mine, before = self._redis().mget(self._key(who, window), self._key(who, window - 1))
        return self._weighed(before, passed) + int(mine or 0) >= self._at_most

    def _redis(self) -> Redis:
        return queue_named("events").connection

    def _now(self) -> tuple[int, float]:
        """The window's number, and the part of it that is over."""
        window, passed = divmod(time.time() / self._seconds, 1)
        return int(window), passed

    def _weighed(self, before: bytes | str | None, passed: float) -> float:
        return int(before or 0) * (1 - passed)

    def _key(self, who: str, window: int) -> str:
        return f"chowk:pace:{self._name}:{who}:{window}"
