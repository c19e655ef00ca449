"""Reads of chat. Permission is in the loaders: what they return, the person may see."""

from chat.queries.history import (
    History,
    Line,
    history_around,
    history_of,
    message_for,
    number_at,
    pins_of,
    thread_of,
    versions_of,
)
from chat.queries.people import (
    audit_of,
    banned_from,
    invitations_of,
    members_of,
    names_like,
    open_report_count,
    others_in,
    reports_of,
    webhooks_of,
)
from chat.queries.rooms import RoomCard, archived_rooms_of, Seat, may_read_room, public_rooms, room_by_id, room_for, rooms_of, seat_in
from chat.queries.search import room_of_topic, search_messages

__all__ = [
    "History",
    "Line",
    "RoomCard",
    "Seat",
    "archived_rooms_of",
    "audit_of",
    "banned_from",
    "history_around",
    "history_of",
    "invitations_of",
    "may_read_room",
    "members_of",
    "message_for",
    "names_like",
    "number_at",
    "open_report_count",
    "others_in",
    "pins_of",
    "public_rooms",
    "reports_of",
    "room_by_id",
    "room_for",
    "room_of_topic",
    "rooms_of",
    "search_messages",
    "seat_in",
    "thread_of",
    "versions_of",
    "webhooks_of",
]
