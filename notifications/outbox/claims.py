"""Claims: which worker may send a delivery, until when, and what it says came of it.

A row is taken for a lease; before each send it is marked as begun, and the mark goes in the statement that records the
outcome of the one before. So at any moment a worker has at most one delivery whose outcome it could take to its grave.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from notifications.models import Attempt, Delivery, State
from notifications.rendering import Words

LEASE = timedelta(seconds=settings.DELIVERY_LEASE_SECONDS)
"""Longer than any single send may take (its socket gives up after 20 seconds), with time to renew in between."""

RENEW_AFTER = LEASE / 4

CLOCK_SKEW = timedelta(seconds=5)
"""A row written by a server whose clock is ahead is due all the same. A lease is never cut short by this."""

MAX_UNKNOWN = 3
"""A message during which workers vanished so often is not sent again: it may be what ends them."""

_BEGIN = """
    UPDATE notifications_delivery SET started_at = %s, due_at = %s, attempt_count = attempt_count + 1
    WHERE id = %s AND claim = %s
"""
_SENT = """
    UPDATE notifications_delivery SET state = 'sent', claim = '', due_at = NULL, started_at = NULL, sent_at = %s,
        target = %s, subject = %s, body = %s, provider_id = %s, reason = ''
    WHERE id = %s AND claim = %s
"""
_SENT_AND_BEGIN = """
    UPDATE notifications_delivery SET
        state = CASE WHEN id = %(sent)s THEN 'sent' ELSE state END,
        claim = CASE WHEN id = %(sent)s THEN '' ELSE claim END,
        due_at = CASE WHEN id = %(sent)s THEN NULL ELSE %(lease)s END,
        started_at = CASE WHEN id = %(sent)s THEN NULL ELSE %(now)s END,
        sent_at = CASE WHEN id = %(sent)s THEN %(now)s ELSE sent_at END,
        target = CASE WHEN id = %(sent)s THEN %(target)s ELSE target END,
        subject = CASE WHEN id = %(sent)s THEN %(subject)s ELSE subject END,
        body = CASE WHEN id = %(sent)s THEN %(body)s ELSE body END,
        provider_id = CASE WHEN id = %(sent)s THEN %(provider_id)s ELSE provider_id END,
        reason = CASE WHEN id = %(sent)s THEN '' ELSE reason END,
        attempt_count = CASE WHEN id = %(sent)s THEN attempt_count ELSE attempt_count + 1 END
    WHERE id IN (%(sent)s, %(next)s) AND claim = %(claim)s
"""


@dataclass(slots=True)
class Claim:
    """The rows one worker has taken, under one name."""

    name: str
    channel: str
    rows: list[Delivery]
    renewed_at: datetime


def take(channel: str, ids: Sequence[int], *, limit: int) -> Claim:
    """Take up to `limit` due deliveries of the channel: those of `ids` first, then whatever else is due."""
    now = timezone.now()
    name = uuid.uuid4().hex
    due = Delivery.objects.filter(channel=channel).filter(
        Q(due_at__lte=now) | Q(state=State.PENDING, due_at__lte=now + CLOCK_SKEW)
    )
    with transaction.atomic():
        free = due.select_for_update(skip_locked=True, of=("self",)).only(
            "id", "state", "started_at", "attempt_count", "replayed_at"
        )
        rows = list(free.filter(pk__in=ids).order_by("id")[:limit]) if ids else []
        if len(rows) < limit:
            rows += free.exclude(pk__in=[row.pk for row in rows]).order_by("due_at", "id")[: limit - len(rows)]
        vanished = [row for row in rows if row.started_at is not None]
        if vanished:
            poisonous = _note_vanished(vanished)
            rows = [row for row in rows if row.pk not in poisonous]
        taken = [row.pk for row in rows]
        if taken:
            Delivery.objects.filter(pk__in=taken).update(
                state=State.SENDING, claim=name, due_at=now + LEASE, started_at=None
            )
    if not taken:
        return Claim(name, channel, [], now)
    position = {pk: number for number, pk in enumerate(taken)}
    claimed = Delivery.objects.filter(pk__in=taken).select_related("notification__user__contact")
    return Claim(name, channel, sorted(claimed, key=lambda row: position[row.pk]), now)


def _note_vanished(rows: Sequence[Delivery]) -> set[int]:
    """Write down that a worker vanished while sending these; returns those which are not worth another worker."""
    now = timezone.now()
    Attempt.objects.bulk_create(
        Attempt(
            delivery=row,
            number=row.attempt_count,
            at=now,
            outcome=Attempt.Outcome.UNKNOWN,
            error="the worker vanished while sending: it may have arrived",
        )
        for row in rows
    )
    poisonous = set()
    for row in rows:
        unknown = row.attempts.filter(outcome=Attempt.Outcome.UNKNOWN)
        if row.replayed_at is not None:
            unknown = unknown.filter(at__gt=row.replayed_at)
        if unknown.count() >= MAX_UNKNOWN:
            poisonous.add(row.pk)
    Delivery.objects.filter(pk__in=poisonous).update(
        state=State.DEAD, claim="", due_at=None, started_at=None, reason="workers vanished while sending it"
    )
    return poisonous


def begin(claim: Claim, row: Delivery) -> bool:
    """Mark that the provider is being asked; False where the lease was lost."""
    now = timezone.now()
    row.attempt_count += 1
    with connection.cursor() as cursor:
        cursor.execute(_BEGIN, [_adapt(now), _adapt(now + LEASE), row.pk, claim.name])
        return cursor.rowcount == 1


def record_sent(
    claim: Claim, row: Delivery, *, target: str, words: Words, provider_id: str, following: Delivery | None
) -> bool:
    """Write down that the provider took it, and begin the following one; False where the following one was lost."""
    now = timezone.now()
    row.state, row.sent_at = State.SENT, now
    subject, provider_id = words.subject[:300], provider_id[:200]
    with connection.cursor() as cursor:
        if following is None:
            values = [_adapt(now), target, subject, words.body, provider_id, row.pk, claim.name]
            cursor.execute(_SENT, values)
            return False
        following.attempt_count += 1
        cursor.execute(
            _SENT_AND_BEGIN,
            {
                "sent": row.pk,
                "next": following.pk,
                "claim": claim.name,
                "now": _adapt(now),
                "lease": _adapt(now + LEASE),
                "target": target,
                "subject": subject,
                "body": words.body,
                "provider_id": provider_id,
            },
        )
        if cursor.rowcount == 2:
            return True
    return Delivery.objects.filter(pk=following.pk, claim=claim.name).exists()


@transaction.atomic
def record_failure(
    claim: Claim,
    row: Delivery,
    *,
    state: State,
    due_at: datetime | None,
    outcome: Attempt.Outcome,
    error: str,
    code: str,
    target: str,
    words: Words | None,
) -> None:
    """Write down that it was not taken: to be tried again at `due_at`, or given up."""
    changes: dict[str, object] = {
        "state": state,
        "claim": "",
        "due_at": due_at,
        "started_at": None,
        "reason": error[:300],
        "target": target,
    }
    if words is not None:
        changes |= {"subject": words.subject[:300], "body": words.body}
    row.state, row.reason = state, error[:300]
    if Delivery.objects.filter(pk=row.pk, claim=claim.name).update(**changes):
        Attempt.objects.create(
            delivery=row,
            number=max(row.attempt_count, 1),
            at=timezone.now(),
            outcome=outcome,
            code=code[:60],
            error=error[:500],
        )


@transaction.atomic
def record_all_sent(claim: Claim, sent: Sequence[tuple[Delivery, str, Words]]) -> None:
    """Write down, in one transaction, deliveries (with target and words) that need no provider outside."""
    now = timezone.now()
    values = []
    for row, target, words in sent:
        row.state, row.sent_at = State.SENT, now
        values.append([_adapt(now), target, words.subject[:300], words.body, "", row.pk, claim.name])
    with connection.cursor() as cursor:
        cursor.executemany(_SENT, values)


def suppress(claim: Claim, row: Delivery, reason: str) -> None:
    """Write down that it is not to be sent, and why."""
    row.state, row.reason = State.SUPPRESSED, reason
    Delivery.objects.filter(pk=row.pk, claim=claim.name).update(
        state=State.SUPPRESSED, claim="", due_at=None, started_at=None, reason=reason
    )


def hand_back(claim: Claim, rows: Sequence[Delivery], *, due_at: datetime, reason: str = "") -> None:
    """Give back what was not begun, to be taken again at `due_at`."""
    Delivery.objects.filter(pk__in=[row.pk for row in rows], claim=claim.name, started_at__isnull=True).update(
        state=State.PENDING, claim="", due_at=due_at, reason=reason
    )


def give_back_begun(claim: Claim, row: Delivery) -> None:
    """Give back a row that was marked as begun but about which no provider was asked."""
    Delivery.objects.filter(pk=row.pk, claim=claim.name).update(
        state=State.PENDING, claim="", due_at=timezone.now(), started_at=None, attempt_count=F("attempt_count") - 1
    )


def renew(claim: Claim) -> None:
    """Extend the lease of all that is left of the claim, where a third of it has passed."""
    now = timezone.now()
    if now - claim.renewed_at > RENEW_AFTER:
        Delivery.objects.filter(claim=claim.name).update(due_at=now + LEASE)
        claim.renewed_at = now


@transaction.atomic
def reopen(delivery_ids: Sequence[int]) -> list[int]:
    """Make dead or suppressed deliveries pending again; returns those that were."""
    now = timezone.now()
    finished = Delivery.objects.select_for_update().filter(
        pk__in=delivery_ids, state__in=(State.DEAD, State.SUPPRESSED)
    )
    ids = list(finished.values_list("pk", flat=True))
    Delivery.objects.filter(pk__in=ids).update(
        state=State.PENDING, due_at=now, replayed_at=now, attempt_count=0, reason=""
    )
    return ids


def _adapt(moment: datetime) -> str | datetime | None:
    adapted: str | datetime | None = connection.ops.adapt_datetimefield_value(moment)
    return adapted
