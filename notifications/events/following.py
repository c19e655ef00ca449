"""Subscribers: each has a queue, a cursor and retries of its own, and can begin again from the first event."""

import logging
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from notifications.events import metrics
from notifications.events.emitting import take_down_nudge
from notifications.events.numbering import last_position, number_events
from notifications.models import DomainEvent, Follower
from notifications.queues import push_job

logger = logging.getLogger(__name__)

FOLLOW = "notifications.jobs.follow_events"
BATCH = 500
FIRST_DELAY = timedelta(seconds=2)
LONGEST_DELAY = timedelta(minutes=5)

Handler = Callable[[Sequence[DomainEvent]], None]
"""Deals with events in order, inside the transaction that moves the cursor: what it writes to this database happens
exactly once. It must not reach outside; what does writes a row for a worker of its own."""


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Someone who is told of every event; a new one starts at the first.

    `forget` throws away what it made of events so far, where dealing with one twice would count it twice.
    """

    name: str
    queue: str
    handle: Handler
    forget: Callable[[], None] | None = None


_subscribers: dict[str, Subscriber] = {}


def register(subscriber: Subscriber) -> None:
    """Register a subscriber. Raises ValueError where the name is taken."""
    if subscriber.name in _subscribers:
        raise ValueError(f"the subscriber {subscriber.name!r} is registered already")
    _subscribers[subscriber.name] = subscriber


def all_subscribers() -> list[Subscriber]:
    return list(_subscribers.values())


def spread() -> int:
    """Number what is new and wake each subscriber that is behind; returns how many were woken."""
    take_down_nudge()
    number_events()
    return wake_followers()


def wake_followers() -> int:
    """Enqueue a job for each subscriber that is behind and not waiting after a failure."""
    newest = last_position()
    now = timezone.now()
    standing = {follower.name: follower for follower in Follower.objects.all()}
    woken = 0
    for subscriber in all_subscribers():
        follower = standing.get(subscriber.name)
        if follower is not None and (follower.cursor >= newest or (follower.due_at and follower.due_at > now)):
            continue
        if follower is None and newest == 0:
            continue
        woken += push_job(subscriber.queue, FOLLOW, subscriber.name)
    return woken


def follow(name: str) -> int:
    """Let the subscriber deal with all that it has not yet; returns how many events that were.

    A failure is written down and tried again later, from the same event: the subscriber's own matter, nobody else's.
    """
    subscriber = _subscribers.get(name)
    if subscriber is None:
        return 0
    Follower.objects.get_or_create(name=name)
    total = 0
    while True:
        try:
            count = _follow_batch(subscriber)
        except Exception:  # whatever a subscriber's code raises must neither be lost nor end the worker
            logger.exception("the subscriber %s failed", name)
            _note_failure(name, traceback.format_exc(limit=-8))
            return total
        total += count
        if count < BATCH:
            return total


@transaction.atomic
def _follow_batch(subscriber: Subscriber) -> int:
    follower = Follower.objects.select_for_update(skip_locked=True).filter(name=subscriber.name).first()
    if follower is None:
        return 0  # another worker is at it
    if follower.due_at is not None and follower.due_at > timezone.now():
        return 0
    # Numbered but not yet visible events would be a gap; positions are committed in order, so there is none.
    news = list(DomainEvent.objects.filter(position__gt=follower.cursor).order_by("position")[:BATCH])
    if not news:
        return 0
    subscriber.handle(news)
    Follower.objects.filter(pk=follower.pk).update(cursor=news[-1].position, due_at=None, failure_count=0, error="")
    return len(news)


@transaction.atomic
def _note_failure(name: str, error: str) -> None:
    follower = Follower.objects.select_for_update().get(name=name)
    delay = min(FIRST_DELAY * 2**follower.failure_count, LONGEST_DELAY)
    follower.failure_count += 1
    follower.due_at = timezone.now() + delay
    follower.error = error[-4000:]
    follower.save()
    metrics.add([(f"queue.{_subscribers[name].queue}.failed", timezone.now(), None)])


@transaction.atomic
def replay(name: str, *, from_position: int = 0) -> None:
    """Set the subscriber back, so that it deals again with every event after that position.

    Raises ValueError for one that can only begin again at the first.
    """
    subscriber = _subscribers.get(name)
    if subscriber is not None and subscriber.forget is not None and from_position:
        raise ValueError(f"the subscriber {name!r} can only begin again at the first event")
    Follower.objects.select_for_update().filter(name=name).update(
        cursor=from_position, due_at=None, failure_count=0, error=""
    )
    if subscriber is not None and subscriber.forget is not None:
        subscriber.forget()
    if subscriber is not None:
        transaction.on_commit(lambda: push_job(subscriber.queue, FOLLOW, name), robust=True)
