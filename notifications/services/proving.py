"""The door for showing by a code that a phone number or an e-mail address is one's own."""

import hashlib
import hmac
import secrets
from datetime import timedelta

import phonenumbers
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from notifications.errors import EmailTaken, NoEmail, PhoneTaken, TooSoon, UnusablePhone, WrongCode
from notifications.models import AddressCode, Contact, DeadAddress
from notifications.services.telling import notify

CODE_LASTS = timedelta(minutes=10)
CODE_TRIES = 5
CODE_AGAIN_AFTER = timedelta(seconds=30)


def parse_phone(text: str) -> str:
    """The number in E.164; without a country it is taken for an Indian one. Raises UnusablePhone."""
    try:
        number = phonenumbers.parse(text, "IN")
    except phonenumbers.NumberParseException:
        raise UnusablePhone from None
    if not phonenumbers.is_valid_number(number):
        raise UnusablePhone
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def send_phone_code(*, user: User, phone: str) -> str:
    """Text a code to the number, to see that it is the person's own; returns the number in E.164.

    Raises:
        UnusablePhone, PhoneTaken
        TooSoon: a code was sent moments ago.
    """
    number = parse_phone(phone)
    if Contact.objects.filter(phone=number).exclude(user=user).exists():
        raise PhoneTaken
    _send_code(user, "sms", number, kind="phone_code")
    return number


def confirm_phone(*, user: User, code: str) -> str:
    """Take the number as the person's own, if the code is right; returns it.

    Raises:
        WrongCode: wrong, too old, or tried too often.
        PhoneTaken: someone else has proved it theirs meanwhile.
    """
    number = _take_code(user, "sms", code)
    try:
        with transaction.atomic():
            Contact.objects.update_or_create(user=user, defaults={"phone": number})
    except IntegrityError:
        raise PhoneTaken from None
    return number


def send_email_code(*, user: User) -> str:
    """Send a code to the person's e-mail address; returns the address. One that had bounced gets another chance.

    Raises:
        NoEmail: the person has none.
        TooSoon: a code was sent moments ago.
    """
    if not user.email:
        raise NoEmail
    with transaction.atomic():
        _send_code(user, "email", user.email, kind="email_code")
        DeadAddress.objects.filter(channel="email", address=user.email.lower()).delete()
    return user.email


def confirm_email(*, user: User, code: str) -> str:
    """Note that the address is the person's own, if the code is right; returns it.

    Raises:
        WrongCode: wrong, too old, or tried too often; or it was for an address that the person has left since.
        EmailTaken: someone else has proved it theirs meanwhile.
    """
    email = _take_code(user, "email", code)
    with transaction.atomic():
        address = EmailAddress.objects.filter(user=user, email__iexact=email).first()
        if address is None:
            if user.email.lower() != email.lower():
                raise WrongCode
            address = EmailAddress.objects.create(user=user, email=email.lower(), primary=True)
        if not address.verified and not address.set_verified():
            raise EmailTaken
    return email


@transaction.atomic
def _send_code(user: User, channel: str, address: str, *, kind: str) -> None:
    now = timezone.now()
    User.objects.select_for_update().get(pk=user.pk)  # one code at a time per person
    last = AddressCode.objects.filter(user=user, channel=channel).first()
    if last is not None and now - last.sent_at < CODE_AGAIN_AFTER:
        raise TooSoon
    code = f"{secrets.randbelow(1_000_000):06}"
    AddressCode.objects.update_or_create(
        user=user,
        channel=channel,
        defaults={"address": address, "code_hash": _hash(user, address, code), "sent_at": now, "tries": 0},
    )
    data = {"to": address, "code": code}
    notify(user=user, kind=kind, key=f"{address[:80]}-{now.timestamp():.3f}", data=data)


def _take_code(user: User, channel: str, code: str) -> str:
    """The address for which the code is right; a right one is used up, a wrong one counts, come what may."""
    with transaction.atomic():
        sent = AddressCode.objects.select_for_update().filter(user=user, channel=channel).first()
        if sent is not None:
            usable = timezone.now() - sent.sent_at <= CODE_LASTS and sent.tries < CODE_TRIES
            if usable and hmac.compare_digest(sent.code_hash, _hash(user, sent.address, code.strip())):
                sent.delete()
                return sent.address
            AddressCode.objects.filter(pk=sent.pk).update(tries=sent.tries + 1)
    raise WrongCode


def _hash(user: User, address: str, code: str) -> str:
    content = f"{user.pk}:{address}:{code}".encode()
    return hmac.new(settings.SECRET_KEY.encode(), content, hashlib.sha256).hexdigest()
