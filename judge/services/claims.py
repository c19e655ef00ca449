"""Who grades a submission: one claim at a time, with a lease. A verdict is written by its claim's holder, once."""

import logging
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from django.db import DatabaseError, connection, transaction
from django.db.models import F, Min
from django.utils import timezone

from judge import events
from judge.models import Submission, TestResult, Turn
from judge.services.callbacks import call_back, emit_judged
from judge.services.submissions import GRADE_JOB
from judge.verdicts import STARTED, State, Verdict
from notifications.queues import enqueue

logger = logging.getLogger("chowk.judge")

LEASE = timedelta(seconds=20)
"""A claim that was not renewed for so long is lost: its worker is dead."""

RENEWAL = timedelta(seconds=5)

LOOK = timedelta(seconds=1)
"""Between two looks at whether the author still wants to know."""

LONGEST_RUN = timedelta(minutes=15)
"""A claim is not renewed beyond this: whatever holds it hangs."""

ATTEMPTS = 4
"""Runs that may be lost or fail by the judge's fault before the submission ends as an internal error."""


class ClaimLost(Exception):
    """The lease ran out and the submission is someone else's, or done: what this run found out is void."""


class CancelAsked(Exception):
    """The author has taken the submission back."""


def claim_next(queue: str) -> Submission | None:
    """Claim the queue's next submission, in fair order: of the person who waited longest for a turn, the oldest."""
    while True:
        chosen = (
            Submission.objects.filter(queue=queue, state=State.QUEUED)
            .values("author_id")
            .annotate(first_id=Min("id"), served_at=F("author__judge_turn__served_at"))
            .order_by(F("served_at").asc(nulls_first=True), "first_id")
            .first()
        )
        if chosen is None:
            return None
        now = timezone.now()
        with transaction.atomic():
            taken = Submission.objects.filter(pk=chosen["first_id"], state=State.QUEUED).update(
                state=State.COMPILING,
                claim=uuid.uuid4(),
                claimed_at=now,
                lease_until=now + LEASE,
                attempts=F("attempts") + 1,
                tests_done=0,
                tests_total=0,
                waiting_reason="",
            )
            if not taken:
                continue
            submission = Submission.objects.select_related("problem", "callback").get(pk=chosen["first_id"])
            if not Turn.objects.filter(author_id=chosen["author_id"]).update(served_at=now):
                Turn.objects.update_or_create(author_id=chosen["author_id"], defaults={"served_at": now})
            events.append_state(submission)
        return submission


@contextmanager
def holding(submission: Submission) -> Iterator[threading.Event]:
    """Renew the claim from a thread while the block runs; the thread dies with the worker, and so the claim ends.

    The event is set once the author has taken the submission back.
    """
    ended, cancelled = threading.Event(), threading.Event()
    thread = threading.Thread(
        target=_renew, args=[submission.pk, submission.claim, ended, cancelled], name="lease", daemon=True
    )
    thread.start()
    try:
        yield cancelled
    finally:
        ended.set()
        thread.join()


def _renew(submission_id: int, claim: uuid.UUID, ended: threading.Event, cancelled: threading.Event) -> None:
    renewed = timezone.now()
    last = renewed + LONGEST_RUN
    held = Submission.objects.filter(pk=submission_id, claim=claim, state__in=STARTED)
    while not ended.wait(LOOK.total_seconds()) and timezone.now() < last:
        try:
            if held.exclude(cancel_asked_at=None).exists():
                cancelled.set()
                return
            if timezone.now() - renewed >= RENEWAL:
                renewed = timezone.now()
                held.update(lease_until=renewed + LEASE)
        except DatabaseError as error:
            logger.warning("submission %s: the claim was not renewed: %s", submission_id, error)
        finally:
            connection.close()


def report_progress(
    submission: Submission, *, tests_done: int, tests_total: int, results: Sequence[TestResult] = ()
) -> None:
    """Tell how far the run is.

    Raises:
        ClaimLost, CancelAsked
    """
    with transaction.atomic():
        _update(
            submission,
            state=State.RUNNING,
            tests_done=tests_done,
            tests_total=tests_total,
            lease_until=timezone.now() + LEASE,
        )
        asked = Submission.objects.values_list("cancel_asked_at", flat=True).get(pk=submission.pk)
        if asked is not None:
            raise CancelAsked
        events.append_state(submission, results)


def finish(submission: Submission, *, verdict: Verdict, results: Sequence[TestResult] = (), **facts: object) -> None:
    """Write the verdict, with the results of all tests. Raises ClaimLost."""
    with transaction.atomic():
        _update(
            submission,
            state=State.DONE,
            verdict=verdict,
            finished_at=timezone.now(),
            claim=None,
            lease_until=None,
            **facts,
        )
        TestResult.objects.filter(submission=submission).delete()
        TestResult.objects.bulk_create(results)
        events.append_state(submission, results)
        events.append_contest_change(submission)
        call_back(submission)
        emit_judged(submission)


def hand_back(submission: Submission, *, count_attempt: bool) -> None:
    """Give the claim up, so that another run is made; without counting where nothing went wrong. Raises ClaimLost."""
    if count_attempt and submission.attempts >= ATTEMPTS:
        finish(submission, verdict=Verdict.INTERNAL_ERROR, detail="The judge failed, not your code")
        return
    with transaction.atomic():
        _update(
            submission,
            state=State.QUEUED,
            claim=None,
            lease_until=None,
            tests_done=0,
            tests_total=0,
            attempts=F("attempts") - (0 if count_attempt else 1),
        )
        submission.refresh_from_db(fields=["attempts"])
        events.append_state(submission)
        enqueue(submission.queue, GRADE_JOB, submission.queue)


def mark_waiting(queue: str, *, reason: str) -> None:
    """Say on the queue's submissions why none of them is taken up."""
    waiting = Submission.objects.filter(queue=queue, state=State.QUEUED).exclude(waiting_reason=reason)
    for submission in waiting.order_by("id")[:200]:
        with transaction.atomic():
            told = Submission.objects.filter(pk=submission.pk, state=State.QUEUED).update(waiting_reason=reason)
            if told:
                submission.waiting_reason = reason
                events.append_state(submission)


def release_lost_claims() -> int:
    """Queue again what a dead worker held; the number of submissions released."""
    now = timezone.now()
    released = 0
    for submission in Submission.objects.filter(state__in=STARTED, lease_until__lt=now).order_by("id")[:200]:
        with transaction.atomic():
            lost = Submission.objects.filter(pk=submission.pk, claim=submission.claim, lease_until__lt=now)
            if submission.attempts >= ATTEMPTS:
                ended = lost.update(
                    state=State.DONE,
                    verdict=Verdict.INTERNAL_ERROR,
                    detail="The judge failed, not your code",
                    finished_at=now,
                    claim=None,
                    lease_until=None,
                )
            else:
                ended = lost.update(state=State.QUEUED, claim=None, lease_until=None, tests_done=0, tests_total=0)
                enqueue(submission.queue, GRADE_JOB, submission.queue)
            if ended:
                submission.refresh_from_db()
                events.append_state(submission)
                if submission.is_done:
                    call_back(submission)
                released += 1
    return released


def _update(submission: Submission, **fields: object) -> None:
    """Change the row as the claim's holder, and the object with it. Raises ClaimLost."""
    held = Submission.objects.filter(pk=submission.pk, claim=submission.claim, state__in=STARTED)
    if not held.update(**fields):
        raise ClaimLost
    for name, value in fields.items():
        if not isinstance(value, F) and not hasattr(value, "resolve_expression"):
            setattr(submission, name, value)
