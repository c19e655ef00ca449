"""Running code on one's own input."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from judge import listeners
from judge.errors import StdinTooLong, TooManyWaiting
from judge.models import CustomRun, Problem
from judge.services.submissions import GRADE_JOB, clean_source, queue_of
from judge.verdicts import STARTED, State, Verdict
from notifications import streams
from notifications.queues import enqueue

STDIN_BYTES = 64 * 1024
WAITING_RUNS = 3
"""Of one person's at most: a run is for someone who looks at the screen."""

DEFAULT_TIME_LIMIT_MS = 2000
DEFAULT_MEMORY_MIB = 256
DEFAULT_OUTPUT_MIB = 8

LEASE = timedelta(seconds=75)
"""More than a compile and a run can take."""

ATTEMPTS = 3

STATE = "run.state"


def run_custom(
    *,
    author: User,
    language: str,
    source: str,
    stdin: str = "",
    problem: Problem | None = None,
    context: str = "",
) -> CustomRun:
    """Queue a run with the problem's limits, or with the usual ones; its end comes on the stream `run:<id>`.

    `context` is `<listener>:<key>` of `judge.listeners`, for those who have no page open.

    Raises:
        UnknownLanguage, SourceEmpty, SourceTooLong, SourceNotText, StdinTooLong, TooManyWaiting
    """
    source = clean_source(language=language, source=source)
    stdin = stdin.replace("\r\n", "\n").replace("\x00", "")
    if len(stdin.encode(errors="replace")) > STDIN_BYTES:
        raise StdinTooLong
    queue = queue_of(author)
    with transaction.atomic():
        if CustomRun.objects.filter(author=author).exclude(state=State.DONE).count() >= WAITING_RUNS:
            raise TooManyWaiting("Your other runs are not done yet.")
        run = CustomRun.objects.create(
            author=author,
            language=language,
            source=source,
            stdin=stdin,
            queue=queue,
            time_limit_ms=problem.time_limit_ms if problem else DEFAULT_TIME_LIMIT_MS,
            memory_limit_mib=problem.memory_limit_mib if problem else DEFAULT_MEMORY_MIB,
            output_limit_mib=problem.output_limit_mib if problem else DEFAULT_OUTPUT_MIB,
            context=context,
        )
        append_state(run)
        enqueue(queue, GRADE_JOB, queue)
    return run


def claim_next_run(queue: str) -> CustomRun | None:
    """Take up the queue's oldest run."""
    while True:
        run = CustomRun.objects.filter(queue=queue, state=State.QUEUED).order_by("id").first()
        if run is None:
            return None
        taken = CustomRun.objects.filter(pk=run.pk, state=State.QUEUED).update(
            state=State.RUNNING, lease_until=timezone.now() + LEASE, attempts=F("attempts") + 1
        )
        if taken:
            run.refresh_from_db()
            return run


def finish_run(run: CustomRun, *, verdict: Verdict, **facts: object) -> None:
    """Write how the run ended, once; a run that was lost and made again keeps the first end."""
    with transaction.atomic():
        done = CustomRun.objects.filter(pk=run.pk, state__in=STARTED).update(
            state=State.DONE, verdict=verdict, finished_at=timezone.now(), lease_until=None, **facts
        )
        if done:
            run.refresh_from_db()
            append_state(run)
            listeners.tell(run)


def release_lost_runs() -> int:
    """Queue again what a dead worker held, a bounded number of times."""
    released = 0
    for run in CustomRun.objects.filter(state__in=STARTED, lease_until__lt=timezone.now())[:200]:
        if run.attempts >= ATTEMPTS:
            finish_run(run, verdict=Verdict.INTERNAL_ERROR, detail="The judge failed, not your code")
            continue
        with transaction.atomic():
            released += CustomRun.objects.filter(pk=run.pk, state__in=STARTED, attempts=run.attempts).update(
                state=State.QUEUED, lease_until=None
            )
            enqueue(run.queue, GRADE_JOB, run.queue)
    return released


def append_state(run: CustomRun) -> None:
    """Tell the run's stream where it stands."""
    streams.append(run.stream, [(STATE, state_of(run))])


def state_of(run: CustomRun) -> dict[str, object]:
    """The run as events and the API show it."""
    return {
        "id": run.pk,
        "state": run.state,
        "verdict": run.verdict,
        "verdict_name": Verdict(run.verdict).label if run.verdict else "",
        "detail": run.detail,
        "stdout": run.stdout,
        "stderr": run.stderr,
        "compiler_output": run.compiler_output,
        "cpu_ms": run.cpu_ms,
        "memory_kib": run.memory_kib,
    }
