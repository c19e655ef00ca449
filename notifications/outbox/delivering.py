"""The worker's part of the outbox: take what is due, send it on one connection, write down what came of each."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from django.db import OperationalError, connection, transaction
from django.utils import timezone
from rq.timeouts import BaseTimeoutException

from notifications import channels, kinds
from notifications.channels.base import Channel, Message, PermanentFailure, ProviderDown, Sender, TemporaryFailure
from notifications.channels.push.adapter import DEVICES, INBOX
from notifications.events import metrics
from notifications.kinds import Attachment
from notifications.models import Attempt, Contact, Delivery, State
from notifications.outbox import announcing, breaker, claims, retries
from notifications.outbox.claims import Claim
from notifications.outbox.pace import wait_for_turn
from notifications.outbox.policy import Suppress, Wait, Wishes, decide, look_up_wishes
from notifications.outbox.wakeups import BATCH_SIZE, DELIVER
from notifications.queues import push_job
from notifications.rendering import Words, absolute_url, attachments_of, render
from notifications.workers import is_stopping

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

LONGEST_BATCH_SECONDS = 240
"""A slow provider: what is left goes to the next job, well before RQ would end this one."""


def deliver(channel_name: str, ids: Sequence[int]) -> int:
    """Send up to a batch of the channel's due deliveries, those of `ids` first; returns how many were taken.

    Rows that are gone, done, or in another worker's hands are passed over.
    """
    channel = channels.get(channel_name)
    limit = breaker.allowed_count(channel_name, BATCH_SIZE)
    claim = claims.take(channel_name, ids, limit=limit) if limit else None
    if claim is None or not claim.rows:
        return 0
    wishes = look_up_wishes(channel, claim.rows)
    ready = [prepared for row in claim.rows if (prepared := _prepare(claim, channel, row, wishes)) is not None]
    if channel_name == "push":
        ready = _show_in_inboxes(claim, ready)
    shown = {row.pk for row in claim.rows if row.state == State.SENT}
    if ready:
        _send_all(claim, channel, ready)
    announcing.tell_outcomes([row for row in claim.rows if row.state != State.SENDING and row.pk not in shown])
    _count(claim)
    return len(claim.rows)


def _count(claim: Claim) -> None:
    """Count what came of the batch, and how long what was sent took from its commit."""
    now = timezone.now()
    samples: list[tuple[str, datetime, float | None]] = []
    for row in claim.rows:
        if row.state == State.SENT and row.sent_at is not None:
            took = (row.sent_at - row.notification.created_at).total_seconds() * 1000
            samples.append((f"queue.{claim.channel}.done", now, took))
        elif row.state in (State.FAILED, State.DEAD):
            samples.append((f"queue.{claim.channel}.failed", now, None))
    if samples:
        metrics.add(samples)


@transaction.atomic
def _show_in_inboxes(claim: Claim, ready: Sequence["_Prepared"]) -> list["_Prepared"]:
    """Tell the open pages, and settle in the same transaction what has no other screen to go to; returns the rest."""
    announcing.announce(claim.rows)
    here = [prepared for prepared in ready if prepared.message.to == INBOX]
    claims.record_all_sent(claim, [(p.row, INBOX, p.words) for p in here])
    return [prepared for prepared in ready if prepared.message.to != INBOX]


class _Prepared:
    """A row with its address and words, and what makes the files that go with them."""

    __slots__ = ("make_files", "message", "row", "words")

    def __init__(
        self, row: Delivery, message: Message, words: Words, make_files: Callable[[], tuple[Attachment, ...]]
    ) -> None:
        self.row = row
        self.message = message
        self.words = words
        self.make_files = make_files

    def with_files(self) -> Message:
        """The message complete. A file may be large and slow to make, so each is made only when its turn has come.

        Raises PermanentFailure where it cannot be made.
        """
        try:
            files = self.make_files()
        except OperationalError:
            raise  # the database is away: that says nothing of this message
        except Exception as error:  # an app's own code: one broken kind must not stop the others
            logger.exception("the files of delivery %s cannot be made", self.row.pk)
            raise PermanentFailure(f"it could not be made: {error}", code="words") from error
        return replace(self.message, attachments=files) if files else self.message


def _prepare(claim: Claim, channel: Channel, row: Delivery, wishes: Wishes) -> _Prepared | None:
    """The row's message, or None where it is settled without a provider: nowhere to send it, or nothing to say."""
    notification = row.notification
    user = notification.user
    contact = getattr(user, "contact", None) or Contact(user=user)
    kind = kinds.find(notification.kind)
    if kind is None:
        _give_up(claim, row, f"no app knows the kind {notification.kind!r} any more")
        return None
    if not user.is_active:
        claims.suppress(claim, row, "the account is closed")
        return None
    target = str(notification.data.get(kind.address_key, "")) if kind.address_key else ""
    target = target or channel.address_of(user, contact)
    if target == INBOX and user.pk in wishes.with_devices:
        target = DEVICES
    if not target:
        claims.suppress(claim, row, f"no address for {channel.label}")
        return None
    decision = decide(delivery=row, kind=kind, contact=contact, target=target, wishes=wishes, now=timezone.now())
    if decision is not None and target == INBOX:
        decision = None  # the inbox is quiet, and always wanted
    if decision is not None and target == DEVICES:
        target, decision = (INBOX, None) if isinstance(decision, Suppress) else (target, decision)
    if isinstance(decision, Suppress):
        claims.suppress(claim, row, decision.reason)
        return None
    if isinstance(decision, Wait):
        claims.hand_back(claim, [row], due_at=decision.until, reason=decision.reason)
        return None
    try:
        words = render(channel.name, kind, notification, contact)
    except Exception as error:  # a template is an app's own code: one broken kind must not stop the others
        logger.exception("%s of notification %s cannot be put into words", channel.name, notification.pk)
        _give_up(claim, row, f"it could not be made: {error}")
        return None
    message = Message(
        delivery_id=row.pk,
        kind=kind.name,
        user_id=user.pk,
        to=target,
        subject=words.subject,
        body=words.body,
        html=words.html,
        url=absolute_url(notification.url),
        unsubscribe_url=words.unsubscribe_url,
    )
    kept = Words(words.subject, "") if kind.secret else words
    with_files = channel.name == "email" and kind.attachments is not None
    make_files = partial(attachments_of, kind, notification, contact) if with_files else tuple
    return _Prepared(row, message, kept, make_files)


def _send_all(claim: Claim, channel: Channel, ready: Sequence[_Prepared]) -> None:
    """Send one after another; stops early, handing back the rest, where the provider or this worker goes away."""
    try:
        with channel.open() as sender:
            done = _send_each(claim, sender, ready)
    except ProviderDown as failure:
        # Nobody was asked about any of them: only the first counts the attempt, the others just wait.
        claims.begin(claim, ready[0].row)
        _record_temporary(claim, ready[0], failure)
        _wait_together(claim, ready[1:], failure)
        done = len(ready)
    if done < len(ready):
        rest = [prepared.row for prepared in ready[done:]]
        claims.hand_back(claim, rest, due_at=timezone.now())
        push_job(claim.channel, DELIVER, claim.channel, [row.pk for row in rest])


def _send_each(claim: Claim, sender: Sender, ready: Sequence[_Prepared]) -> int:
    """Returns how many were settled or handed on."""
    begun = False
    deadline = time.monotonic() + LONGEST_BATCH_SECONDS
    for number, prepared in enumerate(ready):
        row = prepared.row
        if is_stopping() or time.monotonic() > deadline:
            if begun:
                claims.give_back_begun(claim, row)
            return number
        if not begun and not _insist(lambda row=row: claims.begin(claim, row)):  # type: ignore[misc]  # bound at once
            continue  # the lease was lost: someone else has it
        wait_for_turn(claim.channel, is_stopping)
        claims.renew(claim)
        following = ready[number + 1] if number + 1 < len(ready) else None
        begun = False
        try:
            provider_id = sender.send(prepared.with_files())
        except ProviderDown as failure:
            _record_temporary(claim, prepared, failure)
            _wait_together(claim, ready[number + 1 :], failure)
            return len(ready)
        except TemporaryFailure as failure:
            _record_temporary(claim, prepared, failure)
        except PermanentFailure as failure:
            _record_permanent(claim, prepared, str(failure), failure.code)
        except BaseTimeoutException:
            raise  # the job is over: what was begun is of unknown outcome
        except Exception as error:  # an adapter's mistake: told in the log, tried again, at last a dead letter
            logger.exception("%s: delivery %s failed in its adapter", claim.channel, row.pk)
            _record_temporary(claim, prepared, TemporaryFailure(f"{type(error).__name__}: {error}", code="error"))
        else:
            begun = _record_sent(claim, prepared, provider_id, following)
            if number == 0:
                breaker.note_up(claim.channel)
    return len(ready)


def _record_sent(claim: Claim, prepared: _Prepared, provider_id: str, following: _Prepared | None) -> bool:
    return _insist(
        lambda: claims.record_sent(
            claim,
            prepared.row,
            target=prepared.message.to,
            words=prepared.words,
            provider_id=provider_id,
            following=following.row if following is not None else None,
        )
    )


def _record_temporary(claim: Claim, prepared: _Prepared, failure: TemporaryFailure) -> None:
    row = prepared.row
    delay = retries.next_delay(row.attempt_count, retry_after=failure.retry_after)
    _insist(
        lambda: claims.record_failure(
            claim,
            row,
            state=State.DEAD if delay is None else State.FAILED,
            due_at=None if delay is None else timezone.now() + delay,
            outcome=Attempt.Outcome.TEMPORARY,
            error=str(failure),
            code=failure.code,
            target=prepared.message.to,
            words=prepared.words,
        )
    )


def _record_permanent(claim: Claim, prepared: _Prepared, error: str, code: str) -> None:
    _insist(
        lambda: claims.record_failure(
            claim,
            prepared.row,
            state=State.DEAD,
            due_at=None,
            outcome=Attempt.Outcome.PERMANENT,
            error=error,
            code=code,
            target=prepared.message.to,
            words=prepared.words,
        )
    )


def _give_up(claim: Claim, row: Delivery, reason: str) -> None:
    claims.record_failure(
        claim,
        row,
        state=State.DEAD,
        due_at=None,
        outcome=Attempt.Outcome.PERMANENT,
        error=reason,
        code="words",
        target="",
        words=None,
    )


def _wait_together(claim: Claim, rest: Sequence[_Prepared], failure: ProviderDown) -> None:
    """Those which the provider was not asked about wait until it may be asked again, at no cost to them."""
    open_until = _insist(lambda: breaker.note_down(claim.channel, str(failure), retry_after=failure.retry_after))
    _insist(lambda: claims.hand_back(claim, [prepared.row for prepared in rest], due_at=open_until))


def _insist(write: Callable[[], Result]) -> Result:
    """Do a write that must not be lost: what a provider has taken is known to nobody else. Tries for half a lease."""
    deadline = time.monotonic() + claims.LEASE.total_seconds() / 2
    while True:
        try:
            return write()
        except OperationalError as error:
            if time.monotonic() > deadline or connection.in_atomic_block:
                raise
            logger.warning("the database is away (%s), trying again", error)
            connection.close()
            time.sleep(0.5)
