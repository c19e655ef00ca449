"""Each call with each of its parameters of every wrong form: refused in words, or carried out; never a fault."""

from contextlib import suppress

import pytest
from django.db import transaction

from chat import calls
from notifications.errors import AppError
from tests.chat.factories import post

pytestmark = pytest.mark.django_db

WRONG = [
    None, True, -1, 2**63, 10**40, 1.5, "", "-1", "١", "\x00", "\ud800", "\u202e", "x" * 9000, "<script>alert(1)",
    [], [None], {"a": 1}, "0001-01-01", "9999-12-31", "2026-13-01",
]  # fmt: skip
PARAMETERS = {
    "chat.send": ["room", "body", "client_id", "reply_to", "files"],
    "chat.edit": ["id", "body"],
    "chat.react": ["id", "emoji", "on"],
    "chat.pin": ["id", "on"],
    "chat.report": ["id", "reason"],
    "chat.history": ["room", "before", "after", "around"],
    "chat.at": ["room", "day"],
    "chat.search": ["words", "room"],
    "chat.names": ["room", "start"],
    "chat.read": ["room", "number"],
    "chat.create_room": ["name", "description", "private"],
    "chat.open_direct": ["people"],
    "chat.change_room": ["room", "name", "description"],
    "chat.archive": ["room", "on"],
    "chat.alert": ["room", "alert"],
    "chat.invite": ["room", "user"],
    "chat.accept": ["token"],
    "chat.revoke_invitation": ["room", "invitation"],
    "chat.set_role": ["room", "user", "role"],
    "chat.mute": ["room", "user", "minutes"],
    "chat.ban": ["room", "user"],
    "chat.lift_ban": ["room", "user"],
    "chat.slow_mode": ["room", "seconds"],
    "chat.handle_report": ["room", "report"],
    "chat.create_webhook": ["room", "name"],
    "chat.disable_webhook": ["room", "webhook"],
    **{name: ["id"] for name in ("chat.delete", "chat.source", "chat.versions", "chat.thread", "chat.reactions")},
    **{
        f"chat.{name}": ["room"]
        for name in (
            "people", "pins", "join", "leave", "invite_link", "invitations", "reports", "audit", "webhooks",
        )
    },
    "chat.rooms": [],
    "chat.public_rooms": [],
}  # fmt: skip


def test_the_list_of_calls_is_whole() -> None:
    assert set(PARAMETERS) == set(calls.CALLS)


@pytest.mark.parametrize("name", [name for name, parameters in PARAMETERS.items() if parameters])
def test_a_wrong_value_is_refused_in_words(asha, room, ravi, settings, name) -> None:
    settings.CHAT_MESSAGES_AT_ONCE = 10_000
    right = {
        "room": room.pk, "id": post(room, asha, "hello").pk, "body": "b", "emoji": "👍", "name": "n", "user": "ravi",
        "role": "member", "minutes": 0, "seconds": 0, "number": 1, "day": "2026-11-21", "words": "hello",
        "alert": "mentions", "report": 1, "webhook": 1, "invitation": 1, "token": "x", "people": ["ravi"],
    }  # fmt: skip
    for parameter in PARAMETERS[name]:
        others = {other: right[other] for other in PARAMETERS[name] if other in right and other != parameter}
        for value in WRONG:
            with transaction.atomic():
                with suppress(AppError):
                    calls.CALLS[name](asha, calls.Params({**others, parameter: value}))
                transaction.set_rollback(True)
