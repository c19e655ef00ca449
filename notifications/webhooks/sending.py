"""Posting events to people's URLs, signed by the standard-webhooks scheme, tried for a day."""

import json
import logging
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPException

from django.db import transaction
from django.utils import timezone
from standardwebhooks import Webhook as Signer

from notifications.channels.retry_after import parse_retry_after
from notifications.events import metrics
from notifications.models import DomainEvent, Webhook, WebhookDelivery
from notifications.outbox.retries import next_delay
from notifications.webhooks.guarded_http import RefusedAddress, post

logger = logging.getLogger(__name__)

State = WebhookDelivery.State

BATCH = 40
AT_ONCE = 8
"""Posts at a time, so that one slow URL does not hold up the others."""

TIMEOUT_SECONDS = 10
LEASE = timedelta(seconds=TIMEOUT_SECONDS * BATCH / AT_ONCE * 2)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What came of one try; `status` is None where there was no answer."""

    status: int | None
    answer: str
    milliseconds: int
    retry_after: timedelta | None = None

    @property
    def is_taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def send_due(limit: int = BATCH) -> int:
    """Post what is due, a batch; returns how many were tried."""
    claim, rows = _take(limit)
    if not rows:
        return 0
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhooks") as threads:
        outcomes = []
        for row, outcome in zip(rows, threads.map(_post, rows), strict=True):
            _record(claim, row, outcome)
            outcomes.append(outcome)
    now = timezone.now()
    metrics.add((f"queue.webhooks.{'done' if one.is_taken else 'failed'}", now, one.milliseconds) for one in outcomes)
    return len(rows)


def signed_request(webhook: Webhook, event: DomainEvent, at: datetime) -> tuple[bytes, dict[str, str]]:
    """The body and headers of one event, by https://www.standardwebhooks.com: the id is the same at every try."""
    payload = {"type": event.name, "timestamp": event.at.isoformat(), "data": event.data}
    body = json.dumps(payload, separators=(",", ":"), ensure_ascii=False)
    message_id = f"evt_{event.pk}"
    signature = Signer(webhook.secret).sign(msg_id=message_id, timestamp=at.astimezone(UTC), data=body)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Chowk-Webhooks/1",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature,
    }
    return body.encode(), headers


@transaction.atomic
def _take(limit: int) -> tuple[str, Sequence[WebhookDelivery]]:
    claim, now = uuid.uuid4().hex, timezone.now()
    due = WebhookDelivery.objects.filter(due_at__lte=now).order_by("due_at", "id")
    ids = list(due.select_for_update(skip_locked=True).values_list("pk", flat=True)[:limit])
    WebhookDelivery.objects.filter(pk__in=ids).update(state=State.SENDING, claim=claim, due_at=now + LEASE)
    return claim, list(WebhookDelivery.objects.filter(pk__in=ids).select_related("webhook", "event").order_by("pk"))


def _post(row: WebhookDelivery) -> _Outcome:
    """In a thread: no database here."""
    body, headers = signed_request(row.webhook, row.event, timezone.now())
    began = time.monotonic()
    try:
        answer = post(row.webhook.url, body, headers, timeout_seconds=TIMEOUT_SECONDS)
    except RefusedAddress as refused:
        return _Outcome(None, str(refused), _since(began))
    except (OSError, HTTPException) as error:
        return _Outcome(None, f"no answer: {error or type(error).__name__}", _since(began))
    return _Outcome(answer.status, answer.text, _since(began), parse_retry_after(answer.retry_after))


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


@transaction.atomic
def _record(claim: str, row: WebhookDelivery, outcome: _Outcome) -> None:
    now = timezone.now()
    row.attempt_count += 1
    changes: dict[str, object] = {
        "claim": "",
        "attempt_count": row.attempt_count,
        "status": outcome.status,
        "answer": outcome.answer[:4000],
        "milliseconds": outcome.milliseconds,
    }
    if outcome.is_taken:
        changes |= {"state": State.SENT, "due_at": None, "sent_at": now}
    elif outcome.status == 410:
        # Standard-webhooks: 410 Gone asks not to be told again.
        changes |= {"state": State.DEAD, "due_at": None}
        Webhook.objects.filter(pk=row.webhook_id).update(is_active=False, off_reason="It answered 410 Gone.")
    else:
        delay = next_delay(row.attempt_count, retry_after=outcome.retry_after)
        state = State.DEAD if delay is None else State.FAILED
        changes |= {"state": state, "due_at": None if delay is None else now + delay}
    WebhookDelivery.objects.filter(pk=row.pk, claim=claim).update(**changes)


@transaction.atomic
def reopen(webhook: Webhook, ids: Sequence[int] | None = None) -> int:
    """Have delivered or dead events of the webhook posted again: those of `ids`, or all that were given up."""
    settled = WebhookDelivery.objects.filter(webhook=webhook, due_at__isnull=True)
    chosen = settled.filter(pk__in=ids) if ids is not None else settled.filter(state=State.DEAD)
    return chosen.update(state=State.PENDING, due_at=timezone.now(), attempt_count=0, sent_at=None)
