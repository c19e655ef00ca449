"""The rows that go between the ledger's decisions and its statements."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from payments.ledger.orders import Order, Posted


@dataclass(slots=True)
class LockedAccount:
    """An account whose row is locked until the transaction ends."""

    id: int
    balance_paise: int
    entry_count: int
    last_hash: bytes
    may_overdraw: bool
    is_closed: bool
    spent_on: date | None
    spent_day_paise: int
    spent_month_paise: int


class NewTransfer(NamedTuple):
    """A transfer to be written."""

    id: UUID
    order: Order
    at: datetime


class NewEntry(NamedTuple):
    """An entry to be written; its time is its transfer's."""

    account_id: int
    seq: int
    transfer_id: UUID
    amount_paise: int
    balance_after_paise: int
    at: datetime
    hash: bytes


class Statements(Protocol):
    """What each database must be able to do for the ledger, in the current transaction."""

    def lock_accounts(self, ids: Collection[int]) -> dict[int, LockedAccount]:
        """The accounts, locked in the order of their ids; what does not exist is missing."""
        ...

    def find_by_keys(self, keys: Sequence[tuple[int, str]]) -> dict[tuple[int, str], Posted]:
        """What was posted before with these (payer, key) pairs."""
        ...

    def write(
        self, transfers: Sequence[NewTransfer], entries: Sequence[NewEntry], accounts: Sequence[LockedAccount]
    ) -> None:
        """Add the transfers and entries, and set the accounts to what they say."""
        ...
