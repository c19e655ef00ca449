"""Addresses by which other programs speak in a room."""

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from chat.errors import InvalidRoom, WebhookInvalid
from chat.models import Webhook
from chat.names import clean_name
from chat.pace import Pace
from chat.queries import Seat
from chat.roles import Action
from chat.services.audit import record
from chat.services.gate import too_fast
from chat.services.messages import Posted, post_message

TOKEN_BYTES = 32
MAX_WEBHOOKS = 20


@transaction.atomic
def create_webhook(*, seat: Seat, name: str) -> tuple[Webhook, str]:
    """A webhook and its token, which is shown now and never again."""
    seat.require(Action.MANAGE_WEBHOOKS)
    name = clean_name(name)
    if not name or len(name) > 40:
        raise InvalidRoom("A webhook's name has 1 to 40 characters.")
    if seat.room.webhooks.filter(disabled_at=None).count() >= MAX_WEBHOOKS:
        raise InvalidRoom(f"A room has at most {MAX_WEBHOOKS} webhooks.")
    token = secrets.token_urlsafe(TOKEN_BYTES)
    webhook = Webhook.objects.create(room=seat.room, name=name, token_hash=_hash(token), created_by=seat.user)
    record(seat, "webhook.created", name=name)
    return webhook, token


@transaction.atomic
def disable_webhook(*, seat: Seat, webhook_id: int) -> None:
    """From now on its address answers as one that never was."""
    seat.require(Action.MANAGE_WEBHOOKS)
    webhook = Webhook.objects.filter(room=seat.room, pk=webhook_id, disabled_at=None).first()
    if webhook is None:
        raise WebhookInvalid
    webhook.disabled_at = timezone.now()
    webhook.save(update_fields=["disabled_at"])
    record(seat, "webhook.disabled", name=webhook.name)


@transaction.atomic
def post_by_webhook(*, token: str, text: str) -> Posted:
    """Post what a program says. Raises WebhookInvalid, TooFast, and what refuses a message."""
    webhook = Webhook.objects.select_for_update(no_key=True).filter(token_hash=_hash(token), disabled_at=None).first()
    if webhook is None:
        raise WebhookInvalid
    now = timezone.now()
    allowed = Pace(settings.CHAT_MESSAGES_PER_MINUTE, settings.CHAT_MESSAGES_AT_ONCE).take(webhook.paced_until, now)
    if isinstance(allowed, timedelta):
        raise too_fast(allowed)
    posted = post_message(room=webhook.room, author=None, bot_name=webhook.name, body=text)
    webhook.paced_until, webhook.last_used_at = allowed, now
    webhook.save(update_fields=["paced_until", "last_used_at"])
    return posted


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
