"""What the search field finds: rooms of one's own or open to all, problems, and people."""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet

from chat.models import Room
from chat.queries import RoomCard, rooms_of
from judge.models import Problem
from judge.queries import visible_problems

MOST_OF_A_KIND = 20


@dataclass(frozen=True, slots=True)
class Found:
    """What was found; each part is the best few."""

    rooms: list[RoomCard]
    open_rooms: list[Room]
    problems: list[Problem]
    people: list[User]

    def __bool__(self) -> bool:
        return bool(self.rooms or self.open_rooms or self.problems or self.people)


def search(user: User, words: str) -> Found:
    """Everything the person may see whose name holds all the words, in any case and order."""
    parts = words.lower().split()
    mine = rooms_of(user)
    rooms = [room for room in mine if all(part.lower() in f"{room.name} {room.description}".lower() for part in parts)]
    open_rooms = Room.objects.filter(kind=Room.Kind.PUBLIC, archived_at=None).exclude(
        pk__in=[room.id for room in mine]
    )
    problems = visible_problems(user).defer("statement", "editorial")
    people = User.objects.filter(is_active=True)
    for part in parts:
        open_rooms = open_rooms.filter(Q(name__icontains=part) | Q(description__icontains=part))
        problems = problems.filter(title__icontains=part)
        people = _named(people, part)
    return Found(
        rooms[:MOST_OF_A_KIND],
        list(open_rooms.order_by("name")[:MOST_OF_A_KIND]),
        list(problems.order_by("title")[:MOST_OF_A_KIND]),
        list(people.order_by("username")[:MOST_OF_A_KIND]),
    )


def _named(people: QuerySet[User], part: str) -> QuerySet[User]:
    return people.filter(Q(username__icontains=part) | Q(first_name__icontains=part) | Q(last_name__icontains=part))
