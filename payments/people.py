"""Who money goes to: finding a person by what was typed, and what to show of them."""

from collections.abc import Collection
from typing import NamedTuple

import phonenumbers
from allauth.account.models import EmailAddress
from django.contrib.auth.models import User
from django.db import connection

from notifications.queries import user_by_phone
from notifications.statements import Rows, fetch_together
from notifications.texts import is_storable
from payments import errors
from payments.models import Account

HOME_REGION = "IN"
"""A number without a country code is read as Indian: 7010233311 is +91 70102 33311."""


def find_recipient(text: str) -> User:
    """The active person with that phone number, user name or verified e-mail address.

    An address that was never verified could be anybody's, so it finds nobody.

    Raises:
        UnknownRecipient, InvalidPhone
    """
    text = text.strip()
    if not text:
        raise errors.UnknownRecipient("Who should get it? A phone number, user name or e-mail address.")
    if not is_storable(text):
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
    # Most transfers ask this: as a query of the ORM's it cost ten times as much.
    [found] = fetch_together(Rows(User, "username = %s AND is_active", [name]))
    return found[0] if found else None


def is_user_name(text: str) -> bool:
    """Whether what was typed is neither a phone number nor an e-mail address."""
    text = text.strip()
    return "@" not in text[1:] and not _looks_like_phone(text)


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
    """Who an account belongs to, in words, for that person."""
    user: User | None = account.user
    names = (user.username, user.first_name, user.last_name) if user else ("", "", "")
    return Party(account.pk, account.kind, account.name, account.user_id, *names).name_for(reader_id)


class Party(NamedTuple):
    """One side of a transfer, without the objects of the ORM's: many are told of at once."""

    account_id: int
    kind: str
    account_name: str
    user_id: int | None
    username: str
    first_name: str
    last_name: str

    def name_for(self, reader_id: int | None) -> str:
        """In words: a reader's own money on hold is theirs, others' is others'."""
        if self.user_id is None:
            return SYSTEM_NAMES.get(self.account_name, self.account_name)
        if self.kind == Account.Kind.HOLD and self.user_id == reader_id:
            return "hold"
        return f"{self.first_name} {self.last_name}".strip() or self.username


_PARTIES = """
    SELECT account.id, account.kind, account.name, account.user_id, person.username, person.first_name,
        person.last_name
    FROM payments_account AS account LEFT JOIN auth_user AS person ON person.id = account.user_id
    WHERE account.id IN ({})
"""


def parties_of(account_ids: Collection[int]) -> dict[int, Party]:
    """Whose accounts those are, by their ids."""
    with connection.cursor() as cursor:
        cursor.execute(_PARTIES.format(", ".join(["%s"] * len(account_ids))), list(account_ids))
        return {row[0]: Party(*row) for row in cursor.fetchall()}
