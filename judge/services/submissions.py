"""Handing in, and taking back."""

from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from judge import events, languages
from judge.errors import (
    KeyReused,
    NotCancellable,
    SourceEmpty,
    SourceNotText,
    SourceTooLong,
    TooFast,
    TooManyWaiting,
    UnknownLanguage,
)
from judge.models import Participation, Problem, Submission
from judge.services.callbacks import add_callback, call_back
from judge.verdicts import State, Verdict
from notifications.queues import enqueue
from payments.queries import plan_of

SOURCE_BYTES = 64 * 1024
"""Code that one may hand in at most."""

WAITING_SUBMISSIONS = 250
"""Of one person's at most that have no verdict yet."""

PACE = timedelta(minutes=1)
PACE_SUBMISSIONS = 60
"""Of one person's program in PACE at most."""

GRADE_JOB = "judge.jobs.grade_next"


@dataclass(frozen=True, slots=True)
class CallbackTo:
    """Where the verdict is posted; an empty secret has one made."""

    url: str
    secret: str = ""


def submit(
    *,
    author: User,
    problem: Problem,
    language: str,
    source: str,
    callback: CallbackTo | None = None,
    idempotency_key: str = "",
) -> Submission:
    """Store a submission and wake a worker of the author's queue.

    Raises:
        UnknownLanguage, SourceEmpty, SourceTooLong, SourceNotText, TooManyWaiting, UnusableCallback
    """
    source = clean_source(language=language, source=source)
    queue = queue_of(author)
    with transaction.atomic():
        if Submission.objects.filter(author=author).exclude(state=State.DONE).count() >= WAITING_SUBMISSIONS:
            raise TooManyWaiting
        submission = Submission.objects.create(
            author=author,
            problem=problem,
            participation=participation_now(author, problem),
            language=language,
            source=source,
            queue=queue,
            idempotency_key=idempotency_key,
        )
        if callback is not None:
            add_callback(submission=submission, url=callback.url, secret=callback.secret)
        events.append_state(submission)
        enqueue(queue, GRADE_JOB, queue)
    return submission


def submit_once(
    *, author: User, problem: Problem, language: str, source: str, callback: CallbackTo | None, idempotency_key: str
) -> tuple[Submission, bool]:
    """As `submit`, for programs that retry: the same key and body answer the first submission; true where it is new.

    Raises:
        KeyReused: the key came with another body before; TooFast; and what `submit` raises.
    """
    first = (
        Submission.objects.filter(author=author, idempotency_key=idempotency_key).first() if idempotency_key else None
    )
    if first is None:
        check_pace(author)
        try:
            with transaction.atomic():
                made = submit(
                    author=author,
                    problem=problem,
                    language=language,
                    source=source,
                    callback=callback,
                    idempotency_key=idempotency_key,
                )
            return made, True
        except IntegrityError:
            # The same call came twice at once, and the other was first.
            first = Submission.objects.get(author=author, idempotency_key=idempotency_key)
    same = clean_source(language=language, source=source) == first.source and language == first.language
    if not same or first.problem_id != problem.pk:
        raise KeyReused
    return first, False


def check_pace(author: User) -> None:
    """Raises TooFast for a program that hands in more than anyone would by hand."""
    newest = Submission.objects.filter(author=author).order_by("-id").values_list("created_at", flat=True)
    now = timezone.now()
    for at in newest[PACE_SUBMISSIONS - 1 : PACE_SUBMISSIONS]:
        if at > now - PACE:
            raise TooFast(retry_after=ceil((at + PACE - now).total_seconds()))


def participation_now(author: User, problem: Problem) -> Participation | None:
    """The contest in which the person works on this problem now, if there is one."""
    now = timezone.now()
    return Participation.objects.filter(
        user=author, starts_at__lte=now, ends_at__gt=now, contest__entries__problem=problem
    ).first()


def queue_of(author: User) -> str:
    """The queue that the person's plan goes by."""
    return Submission.Queue.PREMIUM if plan_of(author) == "premium" else Submission.Queue.FREE


def cancel_submission(*, submission: Submission) -> None:
    """Take a submission back: at once while it is queued, within two seconds while it runs.

    Raises:
        NotCancellable: it has its verdict.
    """
    now = timezone.now()
    with transaction.atomic():
        done = Submission.objects.filter(pk=submission.pk, state=State.QUEUED).update(
            state=State.DONE, verdict=Verdict.CANCELLED, finished_at=now, cancel_asked_at=now, waiting_reason=""
        )
        if not done:
            asked = Submission.objects.filter(pk=submission.pk).exclude(state=State.DONE).update(cancel_asked_at=now)
            if not asked:
                raise NotCancellable
        submission.refresh_from_db()
        if done:
            events.append_state(submission)
            call_back(submission)


def clean_source(*, language: str, source: str) -> str:
    """The code as it is judged. Raises what `submit` raises for code and language."""
    if not languages.find(language) or not languages.is_installed(language):
        raise UnknownLanguage
    source = source.replace("\r\n", "\n")
    if not source.strip():
        raise SourceEmpty
    if "\x00" in source:
        raise SourceNotText
    try:
        size = len(source.encode())
    except UnicodeEncodeError:
        raise SourceNotText("Code is text: half of a surrogate pair is not.") from None
    if size > SOURCE_BYTES:
        raise SourceTooLong
    return source
