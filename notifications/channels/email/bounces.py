"""Bounces and complaints, as a mail provider's webhook tells of them: such an address gets nothing more."""

from collections.abc import Mapping
from typing import Any

from anymail.signals import AnymailTrackingEvent, EventType, RejectReason

from notifications.services.people import bury_address

FOR_GOOD = (RejectReason.BOUNCED, RejectReason.INVALID)
"""A full mailbox or a slow server is no reason to give up an address."""

SOFT = frozenset({"softbounce", "soft_bounce", "soft", "transient", "temporary"})
"""How providers' own events name a bounce that may pass; django-anymail tells of those of some as of all others."""


def note_tracking(sender: object, event: AnymailTrackingEvent, esp_name: str, **kwargs: Any) -> None:
    """Receives django-anymail's `tracking` signal, which it sends for verified posts alone."""
    if not event.recipient:
        return
    if event.event_type == EventType.COMPLAINED:
        bury_address(channel="email", address=event.recipient, reason=f"complaint, says {esp_name}")
    elif (
        event.event_type in (EventType.BOUNCED, EventType.REJECTED)
        and event.reject_reason in FOR_GOOD
        and not _is_soft(event)
    ):
        words = event.description or "bounced"
        bury_address(channel="email", address=event.recipient, reason=f"{words}, says {esp_name}")


def _is_soft(event: AnymailTrackingEvent) -> bool:
    raw = event.esp_event if isinstance(event.esp_event, Mapping) else {}
    named = (raw.get(name) for name in ("Type", "bounceType", "bounce_type", "event", "type"))
    return any(str(name).lower() in SOFT for name in named)
