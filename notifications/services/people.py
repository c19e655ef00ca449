"""The door for what people set about themselves: wishes, language, devices."""

from collections.abc import Iterable
from datetime import time
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from notifications import kinds
from notifications.channels.push import vapid
from notifications.errors import UnusableDevice
from notifications.models import Contact, DeadAddress, PushDevice, Refusal
from notifications.webhooks.guarded_http import RefusedAddress, check_url

MOST_DEVICES = 10


def set_wishes(*, user: User, wanted: Iterable[tuple[str, str]]) -> None:
    """Keep which (kind, channel) the person wants; all others are refused. Security kinds cannot be."""
    wanted = set(wanted)
    every = {(kind.name, channel) for kind in kinds.all_kinds() if not kind.security for channel in kind.channels}
    with transaction.atomic():
        known = {name for name, _ in every}
        Refusal.objects.filter(user=user, kind__in=known).delete()
        Refusal.objects.bulk_create(
            (Refusal(user=user, kind=kind, channel=channel) for kind, channel in sorted(every - wanted)),
            ignore_conflicts=True,
        )


def refuse(*, user: User, kind: str, channel: str) -> None:
    """Turn one kind off on one channel, as an unsubscribe link does."""
    Refusal.objects.get_or_create(user=user, kind=kind, channel=channel)


def set_reading(
    *,
    user: User,
    language: str,
    time_zone: str,
    quiet_from: time | None,
    quiet_until: time | None,
    digest_at: time | None,
) -> Contact:
    """Keep how the person wants to be written to."""
    changes: dict[str, Any] = {
        "language": language,
        "time_zone": time_zone,
        "quiet_from": quiet_from,
        "quiet_until": quiet_until,
        "digest_at": digest_at,
    }
    contact, _ = Contact.objects.update_or_create(user=user, defaults=changes)
    return contact


def add_device(*, user: User, endpoint: str, public_key: str, auth_secret: str, name: str) -> PushDevice:
    """Let a browser take pushes for the person; one that served another person before serves this one now.

    Raises:
        UnusableDevice: the endpoint is no https URL, or the keys are none.
    """
    try:
        check_url(endpoint)
    except RefusedAddress as refused:
        raise UnusableDevice(str(refused)) from refused
    if len(endpoint) > 1000 or not vapid.are_usable_keys(public_key=public_key, auth_secret=auth_secret):
        raise UnusableDevice
    with transaction.atomic():
        device, _ = PushDevice.objects.update_or_create(
            endpoint=endpoint,
            defaults={
                "user": user,
                "public_key": public_key,
                "auth_secret": auth_secret,
                "name": name[:120],
                "created_at": timezone.now(),
            },
        )
        newest = PushDevice.objects.filter(user=user).order_by("-created_at", "-id").values_list("pk", flat=True)
        PushDevice.objects.filter(user=user).exclude(pk__in=list(newest[:MOST_DEVICES])).delete()
    return device


def remove_device(*, user: User, endpoint: str = "", device_id: int | None = None) -> int:
    """Push nothing to that browser of the person any more; returns how many there were."""
    devices = PushDevice.objects.filter(user=user)
    chosen = devices.filter(pk=device_id) if device_id is not None else devices.filter(endpoint=endpoint)
    return chosen.delete()[0]


def bury_address(*, channel: str, address: str, reason: str) -> None:
    """Send nothing to the address any more: it bounced for good, or its owner complained.

    Providers tell of an address in whatever case they please, so all are kept in lower case.
    """
    DeadAddress.objects.update_or_create(
        channel=channel, address=address.lower(), defaults={"reason": reason[:200], "at": timezone.now()}
    )
