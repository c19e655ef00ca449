"""The list of what those who keep a room did."""

from typing import Any

from django.contrib.auth.models import User

from chat.models import AuditEntry, Message
from chat.queries import Seat


def record(
    seat: Seat, action: str, *, subject: User | None = None, message: Message | None = None, **details: Any
) -> AuditEntry:
    """Write what was done, in the transaction that does it."""
    return AuditEntry.objects.create(
        room=seat.room, actor=seat.user, action=action, subject=subject, message=message, details=details
    )
