"""Bounces and complaints, as a mail provider's webhook tells of them: such an address gets nothing more."""

from typing import Any

from anymail.signals import AnymailTrackingEvent, EventType, RejectReason

from notifications.services.people import bury_address

FOR_GOOD = (RejectReason.BOUNCED, RejectReason.INVALID)
"""A full mailbox or a slow server is no reason to give up an address."""


def note_tracking(sender: object, event: AnymailTrackingEvent, esp_name: str, **kwargs: Any) -> None:
    """Receives django-anymail's `tracking` signal, which it sends for verified posts alone."""
    if not event.recipient:
        return
    if event.event_type == EventType.COMPLAINED:
        bury_address(channel="email", address=event.recipient, reason=f"complaint, says {esp_name}")
    elif event.event_type in (EventType.BOUNCED, EventType.REJECTED) and event.reject_reason in FOR_GOOD:
        words = event.description or "bounced"
        bury_address(channel="email", address=event.recipient, reason=f"{words}, says {esp_name}")
