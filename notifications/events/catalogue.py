"""The domain events there are: each app describes its own, once, in `ready()`, so that people can ask for them."""

from dataclasses import dataclass

from django.contrib.auth.models import User


@dataclass(frozen=True, slots=True)
class Described:
    """One event's name and what has happened then; those that are about nobody only staff hear of."""

    name: str
    label: str
    staff_only: bool = False


_described: dict[str, Described] = {}


def describe(name: str, label: str, *, staff_only: bool = False) -> None:
    """Describe an event. Raises ValueError where it was described already."""
    if name in _described:
        raise ValueError(f"the event {name!r} is described already")
    _described[name] = Described(name, label, staff_only)


def events_for(user: User) -> list[Described]:
    """What the person's webhooks may ask for, by name."""
    return sorted(
        (one for one in _described.values() if user.is_staff or not one.staff_only), key=lambda one: one.name
    )
