"""The door for telling many people the same: a row at once, and their notifications in parts, by a worker."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from notifications import audiences, events
from notifications.errors import UnknownAudience
from notifications.models import Announcement
from notifications.outbox.writing import Notice
from notifications.queues import enqueue, push_job
from notifications.services.telling import notify_each

KIND = "announcement"
QUEUE = "events"
TELL = "notifications.jobs.tell_announcements"

PART = 500
"""People in one transaction and one job, so that whatever else waits on the queue has its turn in between."""

STUCK_AFTER = timedelta(seconds=10)
"""A part takes well under a second, so an announcement that stood still for so long has lost its job."""


@transaction.atomic
def announce(*, author: User, key: str, audience: str, title: str, text: str, url: str = "") -> bool:
    """Begin to tell everyone of the audience; False where that key was used already, and nobody is told again.

    Raises:
        UnknownAudience: there is no such audience.
    """
    now = timezone.now()
    _, made = Announcement.objects.get_or_create(
        key=key,
        defaults={
            "author": author,
            "audience": audience,
            "audience_label": audiences.label_of(audience)[:120],
            "title": title,
            "text": text,
            "url": url,
            "people_count": audiences.people_of(audience).count(),
            "created_at": now,
            "moved_at": now,
        },
    )
    if made:
        enqueue(QUEUE, TELL)
    return made


@transaction.atomic
def tell_some() -> bool:
    """Tell the next part of the announcement whose turn it is; False where there is nothing to do, or others do it."""
    unfinished = Announcement.objects.filter(finished_at__isnull=True)
    row = unfinished.select_for_update(skip_locked=True).order_by("moved_at", "pk").first()
    if row is None:
        return False
    try:
        waiting = audiences.people_of(row.audience).filter(pk__gt=row.last_user_id).order_by("pk")
    except UnknownAudience:  # a room that was deleted meanwhile: there is nobody left to tell
        waiting = User.objects.none()
    ids = list(waiting.values_list("pk", flat=True)[:PART])
    data = {"title": row.title, "text": row.text}
    row.told_count += notify_each([Notice(pk, KIND, row.key, data, row.url) for pk in ids])
    row.moved_at = timezone.now()
    if ids:
        row.last_user_id = ids[-1]
    if len(ids) < PART:
        row.finished_at = row.moved_at
        told = {"title": row.title, "audience": row.audience, "people": row.told_count}
        events.emit("announcement.sent", told, actor=row.author)
    row.save()
    return True


def tell_and_pass_on() -> None:
    """Tell one part, and leave the next one to the next job."""
    if tell_some() and has_unfinished():
        push_job(QUEUE, TELL)


def has_unfinished() -> bool:
    """Whether someone is yet to be told."""
    return Announcement.objects.filter(finished_at__isnull=True).exists()


def resume() -> bool:
    """Have the telling go on where its job was lost; two at once do no harm, each takes what the other has not."""
    stuck_since = timezone.now() - STUCK_AFTER
    if not Announcement.objects.filter(finished_at__isnull=True, moved_at__lte=stuck_since).exists():
        return False
    return push_job(QUEUE, TELL)
