"""Finding the person whom money is for: who guesses at phone numbers and addresses is stopped."""

import redis
from django.contrib.auth.models import User

from notifications.queues import queue_named
from payments import errors
from payments.people import find_recipient

MISSES_AT_MOST = 20
WINDOW_SECONDS = 3600
"""A person mistypes now and then; a program that goes through numbers misses most of the time."""


def look_up(asker: User, text: str) -> User:
    """`find_recipient()` for somebody, of whom twenty misses are taken in an hour.

    Raises:
        UnknownRecipient, InvalidPhone, TooManyLookups
    """
    key = f"chowk:lookup-misses:{asker.pk}"
    if _misses(key) >= MISSES_AT_MOST:
        raise errors.TooManyLookups
    try:
        return find_recipient(text)
    except errors.UnknownRecipient:
        _count_miss(key)
        raise


def _redis() -> redis.Redis:
    return queue_named("events").connection


# Without Redis nobody is kept from paying.
def _misses(key: str) -> int:
    try:
        return int(_redis().get(key) or 0)
    except redis.RedisError:
        return 0


def _count_miss(key: str) -> None:
    try:
        pipeline = _redis().pipeline()
        pipeline.incr(key)
        pipeline.expire(key, WINDOW_SECONDS, nx=True)
        pipeline.execute()
    except redis.RedisError:
        return
