"""Rooms about things elsewhere in the house (a problem, a contest): a registry that config/ fills, by plain keys."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib.auth.models import User


@dataclass(frozen=True, slots=True)
class Topic:
    """What a room is about, and where that is."""

    name: str
    description: str
    url: str


Finder = Callable[[User, str], Topic | None]
"""Takes a person and a key; None where there is no such thing, or it is not for this person to know."""

_finders: dict[str, Finder] = {}


def register(kind: str, find: Finder) -> None:
    """Register who knows the things of a kind, such as `problem`. Raises ValueError where the kind is taken."""
    if kind in _finders:
        raise ValueError(f"the topic kind {kind!r} is registered already")
    _finders[kind] = find


def find(user: User, kind: str, key: str) -> Topic | None:
    finder = _finders.get(kind)
    return finder(user, key) if finder else None


def of_room(user: User, room_key: str | None) -> Topic | None:
    """What a room with such a key is about."""
    kind, _, key = (room_key or "").partition(":")
    return find(user, kind, key) if key else None
