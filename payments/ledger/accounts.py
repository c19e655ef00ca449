"""Accounts, opened when they are first needed."""

from typing import Any

from payments.models import Account

OVERDRAWN_SYSTEM_ACCOUNTS = frozenset({"bank"})
SYSTEM_ACCOUNTS = ("bank", "fees", "prizes", "revenue")


def wallet_id(user: Any) -> int:
    """The person's wallet."""
    return _id_of(kind=Account.Kind.WALLET, user_id=user.pk)


def hold_id(user: Any) -> int:
    """Where the person's money on hold waits."""
    return _id_of(kind=Account.Kind.HOLD, user_id=user.pk)


def system_id(name: str) -> int:
    """One of SYSTEM_ACCOUNTS. Raises ValueError for any other name."""
    if name not in SYSTEM_ACCOUNTS:
        raise ValueError(f"there is no system account {name!r}")
    return _id_of(kind=Account.Kind.SYSTEM, name=name, may_overdraw=name in OVERDRAWN_SYSTEM_ACCOUNTS)


def _id_of(**fields: Any) -> int:
    # Two that open it at once meet at the unique constraint, and the second finds the first's.
    found = Account.objects.filter(**fields).values_list("id", flat=True).first()
    return found or Account.objects.get_or_create(**fields)[0].pk
