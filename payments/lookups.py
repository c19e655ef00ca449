"""Finding the person whom money is for: who guesses at phone numbers and addresses is stopped."""

import contextlib

import redis
from django.contrib.auth.models import User

from notifications.pace import Pace
from payments import errors
from payments.people import find_recipient, is_user_name

MISSES_AT_MOST = 20
"""In an hour. A person mistypes now and then; a program that goes through numbers misses most of the time."""

_misses = Pace("lookup-misses", at_most=MISSES_AT_MOST, seconds=3600)


def look_up(asker: User, text: str) -> User:
    """`find_recipient()` for somebody, of whom twenty misses are taken in an hour.

    User names stand in rooms and have pages of their own: who goes through them learns nothing here.

    Raises:
        UnknownRecipient, InvalidPhone, TooManyLookups
    """
    if is_user_name(text):
        return find_recipient(text)
    who = str(asker.pk)
    # Without Redis nobody is kept from paying.
    with contextlib.suppress(redis.RedisError):
        if _misses.is_full(who):
            raise errors.TooManyLookups
    try:
        return find_recipient(text)
    except errors.UnknownRecipient:
        with contextlib.suppress(redis.RedisError):
            _misses.take(who)
        raise
