"""Whether a delivery goes out now, later or not at all: what the person asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from notifications.channels.base import Channel
from notifications.kinds import Kind
from notifications.models import Contact, DeadAddress, Delivery, PushDevice, Refusal
from notifications.rendering import zone_named

QUIET_CHANNELS = ("sms", "push")
"""What makes a noise. An e-mail waits in its mailbox by itself."""

HELD_FOR_DIGEST = "kept for the digest"
DIGEST_GRACE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was looked up for a batch: who refuses what, and which addresses are dead."""

    refused: frozenset[tuple[int, str]]
    """(user id, kind) refused on the batch's channel."""
    dead: frozenset[str]
    """Addresses of the batch, in lower case, that nothing is sent to."""
    with_devices: frozenset[int]
    """Users of the batch who take pushes on a browser."""


def look_up_wishes(channel: Channel, rows: Sequence[Delivery]) -> Wishes:
    """What the people of a batch asked for on its channel, in a query for each table."""
    users = {row.notification.user_id: row.notification.user for row in rows}
    refused = Refusal.objects.filter(user_id__in=users, channel=channel.name).values_list("user_id", "kind")
    addresses = {
        channel.address_of(user, getattr(user, "contact", None) or Contact(user=user)).lower()
        for user in users.values()
    }
    dead = DeadAddress.objects.filter(channel=channel.name, address__in=addresses).values_list("address", flat=True)
    devices = (
        PushDevice.objects.filter(user_id__in=users).values_list("user_id", flat=True)
        if channel.name == "push"
        else ()
    )
    return Wishes(frozenset(refused), frozenset(dead), frozenset(devices))


@dataclass(frozen=True, slots=True)
class Suppress:
    """Not to be sent, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Wait:
    """To be sent at that moment, and why not now."""

    until: datetime
    reason: str


def decide(
    *, delivery: Delivery, kind: Kind, contact: Contact, target: str, wishes: Wishes, now: datetime
) -> Suppress | Wait | None:
    """What to do instead of sending it now, or None to send it."""
    told_at = delivery.notification.created_at
    if kind.expires_after is not None and now - told_at > kind.expires_after:
        return Suppress("too late to be of use")
    if target.lower() in wishes.dead:
        return Suppress("this address takes no more messages")
    if kind.security:
        return None
    if (delivery.notification.user_id, kind.name) in wishes.refused:
        return Suppress("turned off by the person")
    if delivery.channel in QUIET_CHANNELS:
        until = quiet_until(contact, now)
        return Wait(until, "quiet hours") if until is not None else None
    if delivery.channel == "email" and contact.digest_at is not None and not kind.is_digest:
        # Where the digest does not come to fetch it in time, it goes out by itself: then its reason is set already.
        held_before = delivery.reason == HELD_FOR_DIGEST
        return None if held_before else Wait(next_digest(contact, now) + DIGEST_GRACE, HELD_FOR_DIGEST)
    return None


def next_digest(contact: Contact, now: datetime) -> datetime:
    """The person's next digest."""
    if contact.digest_at is None:
        raise ValueError("this person wants no digest")
    zone = zone_named(contact.time_zone)
    local = now.astimezone(zone)
    today = datetime.combine(local.date(), contact.digest_at, tzinfo=zone)
    return today if today > now else datetime.combine(local.date() + timedelta(days=1), contact.digest_at, tzinfo=zone)


def quiet_until(contact: Contact, now: datetime) -> datetime | None:
    """The end of the quiet hours in which the moment falls, or None. Hours may span midnight."""
    start, end = contact.quiet_from, contact.quiet_until
    if start is None or end is None or start == end:
        return None
    zone: ZoneInfo = zone_named(contact.time_zone)
    local = now.astimezone(zone)
    clock = local.time()
    quiet = start <= clock < end if start < end else clock >= start or clock < end
    if not quiet:
        return None
    day = local.date() if clock < end else local.date() + timedelta(days=1)
    until = datetime.combine(day, end, tzinfo=zone)
    # Where the clocks go back an hour comes twice: in the second one the first one's end has passed.
    first, second = until.astimezone(UTC), until.replace(fold=1).astimezone(UTC)
    return first if first > now else second
