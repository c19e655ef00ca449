"""To whom an announcement may go: circles of people, which the apps register and `config/` wires, by plain keys."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import Group, User
from django.db.models import QuerySet

from notifications.errors import UnknownAudience

EVERYONE = "everyone"


@dataclass(frozen=True, slots=True)
class Circle:
    """A sort of audience, such as the members of a room.

    `choices()` are the (key, label) that staff may choose from; `members(key)` is the people's ids as a query, or None
    where there is no such thing any more.
    """

    name: str
    label: str
    choices: Callable[[], Sequence[tuple[str, str]]]
    members: Callable[[str], "QuerySet | None"]


_circles: dict[str, Circle] = {}


def register(circle: Circle) -> None:
    """Register a circle, once, in `ready()`. Raises ValueError where the name is taken."""
    if circle.name in _circles or circle.name == EVERYONE:
        raise ValueError(f"the audience {circle.name!r} is registered already")
    _circles[circle.name] = circle


def people_of(audience: str) -> QuerySet[User]:
    """The people of an audience, such as "everyone" or "room:12", whose accounts are open. Raises UnknownAudience."""
    people = User.objects.filter(is_active=True)
    if audience == EVERYONE:
        return people
    name, _, key = audience.partition(":")
    circle = _circles.get(name)
    members = circle.members(key) if circle is not None and key else None
    if members is None:
        raise UnknownAudience
    return people.filter(pk__in=members)


def label_of(audience: str) -> str:
    """What people call the audience; its key where it is gone."""
    if audience == EVERYONE:
        return "Everyone"
    name, _, key = audience.partition(":")
    circle = _circles.get(name)
    return dict(circle.choices()).get(key, audience) if circle is not None else audience


def choices() -> list[tuple[str, str | list[tuple[str, str]]]]:
    """Everyone, and each circle's own, as a select shows them."""
    found: list[tuple[str, str | list[tuple[str, str]]]] = [(EVERYONE, "Everyone")]
    for circle in _circles.values():
        some = [(f"{circle.name}:{key}", label) for key, label in circle.choices()]
        if some:
            found.append((circle.label, some))
    return found


def groups() -> Circle:
    """The groups of the admin."""
    return Circle(
        name="group",
        label="Groups",
        choices=lambda: [(str(pk), name) for pk, name in Group.objects.order_by("name").values_list("pk", "name")],
        members=_group_members,
    )


def _group_members(key: str) -> "QuerySet | None":
    group = Group.objects.filter(pk=key).first() if key.isdecimal() else None
    return group.user_set.values("pk") if group is not None else None
