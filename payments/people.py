"""Who money goes to: finding a person by what was typed, and what to show of them."""

import re

import phonenumbers
from allauth.account.models import EmailAddress
from django.contrib.auth.models import User

from notifications.queries import user_by_phone
from payments import errors
from payments.models import Account

HOME_REGION = "IN"
"""A number without a country code is read as Indian: 7010233311 is +91 70102 33311."""

_NO_NAME = re.compile("[\x00\ud800-\udfff]")
"""What no database can be asked for."""


def find_recipient(text: str) -> User:
    """The active person with that phone number, user name or verified e-mail address.

    An address that was never verified could be anybody's, so it finds nobody.

    Raises:
        UnknownRecipient, InvalidPhone
    """
    text = text.strip()
    if not text:
        raise errors.UnknownRecipient("Who should get it? A phone number, user name or e-mail address.")
    if _NO_NAME.search(text):
        raise errors.UnknownRecipient
    if "@" in text[1:]:
        addresses = EmailAddress.objects.filter(email__iexact=text, verified=True, user__is_active=True)
        found = addresses.select_related("user").first()
        user = found.user if found else None
    elif _looks_like_phone(text):
        user = user_by_phone(_parse_phone(text)) or _by_username(text)
    else:
        user = _by_username(text.removeprefix("@"))
    if user is None:
        raise errors.UnknownRecipient
    return user


def _by_username(name: str) -> User | None:
    # Names are unique: first() would only add an order, and double what the query costs.
    return next(iter(User.objects.filter(username=name, is_active=True)), None)


def _looks_like_phone(text: str) -> bool:
    return not any(letter.isalpha() for letter in text) and sum(letter.isdigit() for letter in text) >= 5


def _parse_phone(text: str) -> str:
    """E.164. Raises InvalidPhone."""
    try:
        number = phonenumbers.parse(text, HOME_REGION)
    except phonenumbers.NumberParseException:
        raise errors.InvalidPhone from None
    if not phonenumbers.is_valid_number(number):
        raise errors.InvalidPhone
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def display_name(user: User) -> str:
    """The full name, or the user name of who gave none."""
    return user.get_full_name() or user.get_username()


def masked_name(user: User) -> str:
    """`Ravi Kumar` as `Ra•• Ku•••`: enough to notice a wrong number, too little to learn who has it."""
    return " ".join(word[:2] + "•" * min(max(len(word) - 2, 1), 6) for word in display_name(user).split())


SYSTEM_NAMES = {"bank": "Bank", "fees": "Chowk fees", "prizes": "Contest prizes", "revenue": "Chowk Premium"}


def party_name(account: Account, reader_id: int | None) -> str:
    """Who an account belongs to, in words, for that person: their own money on hold is theirs, others' is others'."""
    user: User | None = account.user
    if user is None:
        return SYSTEM_NAMES.get(account.name, account.name)
    return "hold" if account.kind == Account.Kind.HOLD and user.pk == reader_id else display_name(user)
