"""The digest: a day's e-mails as one, by the same outbox."""

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from notifications import kinds
from notifications.models import Contact, Delivery, Notification, State
from notifications.outbox.policy import DIGEST_GRACE, HELD_FOR_DIGEST
from notifications.rendering import absolute_url, headline
from notifications.services.telling import notify

MOST_ITEMS = 100


def send_digests() -> int:
    """Send the digests that are due; returns how many. A second run finds nothing left to gather."""
    due = Delivery.objects.filter(
        channel="email", state=State.PENDING, reason=HELD_FOR_DIGEST, due_at__lte=timezone.now() + DIGEST_GRACE
    )
    people = due.values_list("notification__user_id", flat=True).distinct()
    return sum(_send_digest(user_id) for user_id in list(people))


@transaction.atomic
def _send_digest(user_id: int) -> bool:
    held = Delivery.objects.select_for_update(skip_locked=True, of=("self",)).filter(
        channel="email", state=State.PENDING, reason=HELD_FOR_DIGEST, notification__user_id=user_id
    )
    rows = list(held.select_related("notification__user").order_by("id")[:MOST_ITEMS])
    if not rows:
        return False
    user = User.objects.get(pk=user_id)
    contact = Contact.objects.filter(user=user).first() or Contact(user=user)
    items = []
    for row in rows:
        words = headline(row.notification, contact)
        items.append({"title": words.subject, "text": words.body, "url": absolute_url(row.notification.url)})
    digest = notify(user=user, kind=kinds.DIGEST, key=f"to-{rows[-1].pk}", data={"items": items}, url="/inbox/")
    # What it tells of stands in the inbox already.
    Notification.objects.filter(pk=digest.pk).update(read_at=timezone.now())
    Delivery.objects.filter(pk__in=[row.pk for row in rows]).update(
        state=State.SUPPRESSED, due_at=None, reason="went out in the digest"
    )
    return True
