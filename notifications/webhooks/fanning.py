"""The webhooks' subscriber: one row for each event that a webhook wants and may have."""

from collections.abc import Sequence

import redis
from django.db import transaction
from django.utils import timezone

from notifications.models import DomainEvent, Webhook, WebhookDelivery
from notifications.queues import push_job, queue_named

QUEUE = "webhooks"
SEND = "notifications.jobs.send_webhooks"


def fan_out(news: Sequence[DomainEvent]) -> None:
    """Write the deliveries of these events. People are told of what concerns them, staff of everything."""
    now = timezone.now()
    webhooks = list(Webhook.objects.filter(is_active=True, owner__is_active=True).select_related("owner"))
    rows = [
        WebhookDelivery(webhook=webhook, event=event, created_at=now, due_at=now)
        for event in news
        for webhook in webhooks
        if event.at >= webhook.created_at and wants(webhook, event)
    ]
    if rows:
        WebhookDelivery.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
        transaction.on_commit(lambda: push_job(QUEUE, SEND), robust=True)


def wake_if_due() -> bool:
    """Enqueue a job where posts are due and none is waiting: a lost one, or a retry whose time has come."""
    if not WebhookDelivery.objects.filter(due_at__lte=timezone.now()).exists():
        return False
    try:
        if queue_named(QUEUE).count:
            return False
    except redis.RedisError:
        return False
    return push_job(QUEUE, SEND)


def wants(webhook: Webhook, event: DomainEvent) -> bool:
    """Whether the webhook asked for the event, and its owner may know of it."""
    asked = not webhook.names or event.name in webhook.names
    return asked and (webhook.owner.is_staff or webhook.owner_id in event.about)
