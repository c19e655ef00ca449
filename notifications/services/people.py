"""The door for what people set about themselves: wishes, language, phone, devices."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import time, timedelta
from typing import Any

import phonenumbers
from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from notifications import kinds
from notifications.channels.push import vapid
from notifications.errors import PhoneTaken, TooSoon, UnusableDevice, UnusablePhone, WrongCode
from notifications.models import Contact, DeadAddress, PhoneCode, PushDevice, Refusal
from notifications.services.telling import notify
from notifications.webhooks.guarded_http import RefusedAddress, check_url

CODE_LASTS = timedelta(minutes=10)
CODE_TRIES = 5
CODE_AGAIN_AFTER = timedelta(seconds=30)
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


def parse_phone(text: str) -> str:
    """The number in E.164; without a country it is taken for an Indian one. Raises UnusablePhone."""
    try:
        number = phonenumbers.parse(text, "IN")
    except phonenumbers.NumberParseException:
        raise UnusablePhone from None
    if not phonenumbers.is_valid_number(number):
        raise UnusablePhone
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@transaction.atomic
def send_phone_code(*, user: User, phone: str) -> str:
    """Text a code to the number, to see that it is the person's own; returns the number in E.164.

    Raises:
        UnusablePhone, PhoneTaken
        TooSoon: a code was sent moments ago.
    """
    number = parse_phone(phone)
    if Contact.objects.filter(phone=number).exclude(user=user).exists():
        raise PhoneTaken
    now = timezone.now()
    User.objects.select_for_update().get(pk=user.pk)  # one code at a time per person
    last = PhoneCode.objects.filter(user=user).first()
    if last is not None and now - last.sent_at < CODE_AGAIN_AFTER:
        raise TooSoon
    code = f"{secrets.randbelow(1_000_000):06}"
    PhoneCode.objects.update_or_create(
        user=user, defaults={"phone": number, "code_hash": _hash(user, number, code), "sent_at": now, "tries": 0}
    )
    notify(user=user, kind="phone_code", key=f"{number}-{now.timestamp():.3f}", data={"to": number, "code": code})
    return number


def confirm_phone(*, user: User, code: str) -> str:
    """Take the number as the person's own, if the code is right; returns it.

    Raises:
        WrongCode: wrong, too old, or tried too often.
        PhoneTaken: someone else has proved it theirs meanwhile.
    """
    with transaction.atomic():
        sent = PhoneCode.objects.select_for_update().filter(user=user).first()
        now = timezone.now()
        usable = sent is not None and now - sent.sent_at <= CODE_LASTS and sent.tries < CODE_TRIES
        if sent is not None:
            PhoneCode.objects.filter(pk=sent.pk).update(tries=sent.tries + 1)
        right = (
            usable and sent is not None and hmac.compare_digest(sent.code_hash, _hash(user, sent.phone, code.strip()))
        )
        if right and sent is not None:
            try:
                with transaction.atomic():
                    Contact.objects.update_or_create(user=user, defaults={"phone": sent.phone})
            except IntegrityError:
                raise PhoneTaken from None
            sent.delete()
            return sent.phone
    raise WrongCode


def _hash(user: User, phone: str, code: str) -> str:
    return hmac.new(settings.SECRET_KEY.encode(), f"{user.pk}:{phone}:{code}".encode(), hashlib.sha256).hexdigest()


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
    """Send nothing to the address any more: it bounced for good, or its owner complained."""
    DeadAddress.objects.update_or_create(
        channel=channel, address=address, defaults={"reason": reason[:200], "at": timezone.now()}
    )
