"""Telling people what speaks to them: an @room in every inbox, and to who is away one digest, not ten mails."""

from collections import defaultdict
from datetime import timedelta

from django.db import transaction
from django.db.models import F, OuterRef, Subquery
from django.urls import reverse
from django.utils import timezone

from chat.models import Membership, Mention
from chat.rendering import excerpt
from chat.services.mentions import DIGEST_KIND, notify_of
from notifications.models import Notification
from notifications.services import notify

UNREAD_FOR = timedelta(minutes=10)
"""Who has not looked for so long is away."""
DIGEST_AT_MOST_EVERY = timedelta(hours=1)
BATCH = 200
SHOWN_IN_DIGEST = 10


def notify_rooms() -> int:
    """Put mentions of a whole room into the inboxes; answers how many."""
    waiting = Mention.objects.filter(notified_at=None).select_related("message__room", "message__author", "user")
    told = 0
    for mention in waiting.order_by("created_at")[:BATCH]:
        with transaction.atomic():
            if Mention.objects.filter(pk=mention.pk, notified_at=None).update(notified_at=timezone.now()):
                notify_of(mention.message, mention.user, mention.message.room)
                told += 1
    return told


def send_digests() -> int:
    """Tell each person who is away, at most once an hour, of all that waits for them; answers how many were told."""
    now = timezone.now()
    read_number = Membership.objects.filter(room=OuterRef("message__room"), user=OuterRef("user"))
    waiting = Mention.objects.filter(digested_at=None, created_at__lt=now - UNREAD_FOR).annotate(
        read_number=Subquery(read_number.values("read_number")[:1])
    )
    # What was read in the meantime needs no telling, nor does what someone can no longer read.
    seen = waiting.filter(read_number__gte=F("message__number")) | waiting.filter(read_number=None)
    Mention.objects.filter(pk__in=list(seen.values_list("pk", flat=True)[:5000])).update(digested_at=now)
    told_lately = Notification.objects.filter(kind=DIGEST_KIND, created_at__gt=now - DIGEST_AT_MOST_EVERY)
    unseen = (
        waiting.exclude(user__in=told_lately.values("user"))
        .select_related("message__room", "message__author", "user")
        .order_by("user_id", "created_at")[:BATCH]
    )
    of_person: dict[int, list[Mention]] = defaultdict(list)
    for mention in unseen:
        of_person[mention.user_id].append(mention)
    for mentions in of_person.values():
        _send_digest(mentions)
    return len(of_person)


@transaction.atomic
def _send_digest(mentions: list[Mention]) -> None:
    taken = Mention.objects.filter(pk__in=[mention.pk for mention in mentions], digested_at=None)
    if not taken.update(digested_at=timezone.now()):
        return
    user = mentions[0].user
    items = [
        {
            "message": mention.message_id,
            "author": mention.message.sender_name,
            "room": mention.message.room.title_for(user.get_username()),
            "text": excerpt(mention.message.body),
        }
        for mention in mentions[:SHOWN_IN_DIGEST]
    ]
    rooms = list(dict.fromkeys(item["room"] for item in items))
    only_room = {mention.message.room for mention in mentions}
    url = mentions[0].message.get_absolute_url() if len(only_room) == 1 else reverse("chat:rooms")
    data = {"count": len(mentions), "items": items, "rooms": rooms}
    notify(user=user, kind=DIGEST_KIND, key=f"mention:{mentions[-1].pk}", data=data, url=url)
