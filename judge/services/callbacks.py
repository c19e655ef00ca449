"""Telling programs of verdicts at a URL of theirs: signed, tried for a day, never into our own network."""

import base64
import binascii
import json
import logging
import secrets
from datetime import UTC, datetime, timedelta
from http.client import HTTPException

from django.utils import timezone
from standardwebhooks import Webhook as Signer

from judge import events
from judge.errors import UnusableCallback
from judge.models import Callback, Submission
from notifications.events import Draft, emit_many
from notifications.outbox.retries import next_delay
from notifications.queues import enqueue, push_job
from notifications.webhooks.guarded_http import RefusedAddress, check_url, post

logger = logging.getLogger("chowk.judge")

QUEUE = "webhooks"
POST_JOB = "judge.jobs.post_callbacks"
EVENT = "submission.judged"

SECRET_PREFIX = "whsec_"  # noqa: S105  # not a secret, what one begins with
SECRET_BYTES = range(24, 65)
"""What standard-webhooks allows."""

BATCH = 20
TIMEOUT_SECONDS = 10
LEASE = timedelta(seconds=TIMEOUT_SECONDS * BATCH)
"""After this a callback whose worker died is posted again."""

GONE = 410


def add_callback(*, submission: Submission, url: str, secret: str = "") -> Callback:
    """Have the verdict posted to the URL; without a secret one is made.

    Raises:
        UnusableCallback: the URL may not be posted to, or the secret is none.
    """
    try:
        check_url(url)
    except RefusedAddress as error:
        raise UnusableCallback(str(error)) from None
    if secret:
        _check_secret(secret)
    else:
        secret = SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
    callback = Callback.objects.create(submission=submission, url=url, secret=secret)
    submission.callback = callback
    return callback


def call_back(submission: Submission) -> None:
    """The submission has its verdict: have it posted, if anyone asked. In the caller's transaction."""
    callback = getattr(submission, "callback", None)
    if callback is None:
        return
    now = timezone.now()
    Callback.objects.filter(pk=callback.pk).update(
        due_at=now, attempt_count=0, sent_at=None, status=None, answer="", round=callback.round + 1
    )
    enqueue(QUEUE, POST_JOB)


def emit_judged(submission: Submission) -> None:
    """Publish the verdict as a domain event, in the caller's transaction; its duration runs from the claim."""
    data: dict[str, object] = {
        "id": submission.pk,
        "problem": submission.problem.slug,
        "language": submission.language,
        "verdict": submission.verdict,
        "points": submission.points,
        "points_total": submission.points_total,
    }
    if submission.finished_at is not None and submission.claimed_at is not None:
        data["milliseconds"] = round((submission.finished_at - submission.claimed_at).total_seconds() * 1000)
    emit_many([Draft(EVENT, data, submission.author_id, [submission.author_id])])


def post_due() -> int:
    """Post what is due, a batch; how many were tried."""
    tried = 0
    for callback in Callback.objects.filter(due_at__lte=timezone.now()).order_by("due_at", "id")[:BATCH]:
        # Whoever moves the time has it; until then no other worker takes it up.
        lease = timezone.now() + LEASE
        if Callback.objects.filter(pk=callback.pk, due_at=callback.due_at).update(due_at=lease):
            callback.due_at = lease
            _post(callback)
            tried += 1
    return tried


def wake_if_due() -> bool:
    """Put a job on the queue where a callback is due: a lost one, or a retry whose time has come."""
    return Callback.objects.filter(due_at__lte=timezone.now()).exists() and push_job(QUEUE, POST_JOB)


def signed_request(callback: Callback, at: datetime) -> tuple[bytes, dict[str, str]]:
    """Body and headers by https://www.standardwebhooks.com; the id is the same at every try of one verdict."""
    submission = callback.submission
    data = {**events.state_of(submission), "problem": submission.problem.slug, "language": submission.language}
    payload = {"type": EVENT, "timestamp": (submission.finished_at or at).isoformat(), "data": data}
    body = json.dumps(payload, separators=(",", ":"), ensure_ascii=False)
    message_id = f"submission_{submission.pk}_{callback.round}"
    return body.encode(), {
        "Content-Type": "application/json",
        "User-Agent": "Chowk-Judge/1",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Signer(callback.secret).sign(msg_id=message_id, timestamp=at.astimezone(UTC), data=body),
    }


def _post(callback: Callback) -> None:
    callback = Callback.objects.select_related("submission__problem").get(pk=callback.pk)
    if not callback.submission.is_done:
        # It is judged again meanwhile: the next verdict makes it due.
        Callback.objects.filter(pk=callback.pk, due_at=callback.due_at).update(due_at=None)
        return
    now = timezone.now()
    body, headers = signed_request(callback, now)
    status, text = None, ""
    try:
        answer = post(callback.url, body, headers, timeout_seconds=TIMEOUT_SECONDS)
        status, text = answer.status, answer.text
    except RefusedAddress as refused:
        text = str(refused)
    except (OSError, HTTPException) as error:
        text = f"no answer: {error or type(error).__name__}"
    attempts = callback.attempt_count + 1
    is_sent = status is not None and 200 <= status < 300
    delay = None if is_sent or status == GONE else next_delay(attempts)
    Callback.objects.filter(pk=callback.pk, due_at=callback.due_at).update(
        attempt_count=attempts,
        status=status,
        answer=text.replace("\x00", "")[:500],
        sent_at=timezone.now() if is_sent else None,
        due_at=timezone.now() + delay if delay else None,
    )
    if not is_sent:
        logger.info("submission %s: its callback was not taken: %s %s", callback.submission_id, status, text[:100])


def _check_secret(secret: str) -> None:
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(SECRET_PREFIX) or len(key) not in SECRET_BYTES:
        raise UnusableCallback("The secret is whsec_ and 24 to 64 bytes as base64.")
