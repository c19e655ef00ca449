"""The door for people's webhooks."""

import base64
import secrets
from collections.abc import Sequence

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from notifications.errors import TooManyWebhooks, UnusableUrl
from notifications.models import Webhook
from notifications.queues import push_job
from notifications.webhooks import sending
from notifications.webhooks.fanning import QUEUE, SEND
from notifications.webhooks.guarded_http import RefusedAddress, check_url, public_addresses

MOST_PER_PERSON = 10


def add_webhook(*, owner: User, url: str, names: Sequence[str]) -> Webhook:
    """Register a URL for those events, or for all that concern the person where none is named.

    Raises:
        UnusableUrl: it is no public URL.
        TooManyWebhooks: the person has as many as one may have.
    """
    try:
        parts = check_url(url)
        public_addresses(parts.hostname or "", parts.port or 443)
    except RefusedAddress as refused:
        raise UnusableUrl(str(refused)) from refused
    with transaction.atomic():
        User.objects.select_for_update().get(pk=owner.pk)  # one at a time per person, so that the limit holds
        if Webhook.objects.filter(owner=owner).count() >= MOST_PER_PERSON:
            raise TooManyWebhooks
        return Webhook.objects.create(
            owner=owner, url=url, names=sorted(set(names)), secret=new_secret(), created_at=timezone.now()
        )


def new_secret() -> str:
    """24 random bytes in the form of standard-webhooks."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()


def set_webhook_active(*, webhook: Webhook, active: bool) -> None:
    """Turn it on or off; what happens while it is off is not told."""
    Webhook.objects.filter(pk=webhook.pk).update(is_active=active, off_reason="")


def replace_secret(*, webhook: Webhook) -> str:
    """Give it a new secret; the old one signs nothing from here on."""
    secret = new_secret()
    Webhook.objects.filter(pk=webhook.pk).update(secret=secret)
    return secret


def remove_webhook(*, webhook: Webhook) -> None:
    """Forget it, with its log."""
    webhook.delete()


def replay_webhook(*, webhook: Webhook, delivery_ids: Sequence[int] | None = None) -> int:
    """Post events again: those chosen, or all that were given up; returns how many."""
    with transaction.atomic():
        count = sending.reopen(webhook, delivery_ids)
        if count:
            transaction.on_commit(lambda: push_job(QUEUE, SEND), robust=True)
    return count
