"""The demo world's rooms: three, with the conversations of a small coding club, and one direct exchange."""

import re
import tomllib
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Q
from django.utils import timezone

from chat.models import Membership, Message, Room
from chat.rendering import names_in, render

ROOMS = Path(__file__).with_name("demo_rooms.toml")
_AT = re.compile(r"(\d+) days? ago, (\d\d:\d\d)")


def load_demo(people: dict[str, User]) -> None:
    """Make the rooms that are not there yet; a room that is there is left as it is."""
    for entry in tomllib.loads(ROOMS.read_text())["rooms"]:
        key = _direct_key([people[name] for name in entry["members"]]) if entry["kind"] == Room.Kind.DIRECT else None
        same = Q(slug=entry["slug"]) | Q(key=key) if key else Q(slug=entry["slug"])
        if not Room.objects.filter(same).exists():
            _load_room(people, entry, key)


def _load_room(people: dict[str, User], entry: dict[str, Any], key: str | None) -> None:
    members = [people[name] for name in entry["members"]]
    ids = {user.username: user.pk for user in members}
    messages = [
        Message(
            number=number,
            author=people[said["who"]],
            body=said["body"],
            html=render(said["body"], {name: ids[name] for name in names_in(said["body"]) if name in ids}).html,
            created_at=moment,
        )
        for number, (said, moment) in enumerate(zip(entry["said"], _moments(entry["said"]), strict=True), start=1)
    ]
    newest = messages[-1]
    room = Room.objects.create(
        **{field: entry[field] for field in ("slug", "name", "description", "kind")},
        key=key,
        created_by=members[0],
        created_at=messages[0].created_at - timedelta(minutes=5),
        last_number=newest.number,
        last_message_at=newest.created_at,
    )
    for message in messages:
        message.room = room
    Message.objects.bulk_create(messages)
    owner = None if key else members[0]
    Membership.objects.bulk_create(
        Membership(
            room=room,
            user=user,
            role=Membership.Role.OWNER if user == owner else Membership.Role.MEMBER,
            joined_at=room.created_at,
            read_number=newest.number - entry.get("unread", {}).get(user.username, 0),
        )
        for user in members
    )


def _direct_key(members: list[User]) -> str:
    return ":".join(["direct", *map(str, sorted(user.pk for user in members))])


def _moments(said: list[dict[str, str]]) -> list[datetime]:
    """Each `2 days ago, 18:05` as a time; all a day earlier where today's would lie ahead."""
    moments = [_moment(one["at"]) for one in said]
    ahead = moments[-1] >= timezone.now()
    return [moment - timedelta(days=1) for moment in moments] if ahead else moments


def _moment(at: str) -> datetime:
    found = _AT.fullmatch(at)
    if found is None:
        raise ValueError(f"{ROOMS.name}: {at!r} is not of the form '2 days ago, 18:05'")
    day = timezone.localdate() - timedelta(days=int(found[1]))
    return timezone.make_aware(datetime.combine(day, time.fromisoformat(found[2])))
