"""The rows that go between the ledger's decisions and its statements."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import TracebackType
from typing import NamedTuple, Protocol, Self
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


KnownTransfers = dict[tuple[int, str], Posted]
"""By payer and key."""


class Statements(Protocol):
    """What each database must be able to do for the ledger, in the current transaction or in one of its own."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def read(
        self, account_ids: Collection[int], keys: Sequence[tuple[int, str]]
    ) -> tuple[dict[int, LockedAccount], KnownTransfers]:
        """The accounts, locked in the order of their ids, and what was posted before with these (payer, key) pairs.
        What does not exist is missing."""
        ...

    def write(
        self, transfers: Sequence[NewTransfer], entries: Sequence[NewEntry], accounts: Sequence[LockedAccount]
    ) -> None:
        """Add the transfers and entries, and set the accounts to what they say. The last of the statements."""
        ...
