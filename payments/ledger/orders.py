"""What the ledger is asked, and what it answers."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Limits:
    """What one account may send in one transfer, in a day and in a month, in paise; days are the server's."""

    transfer_paise: int
    day_paise: int
    month_paise: int


@dataclass(frozen=True, slots=True)
class Order:
    """Move an amount from one account to another. `key` makes it once: it is unique per payer.

    With `limits`, what is moved counts towards the payer's day and month, and is refused over them.
    """

    payer_id: int
    payee_id: int
    amount_paise: int
    kind: str
    key: str
    note: str = ""
    created_by_id: int | None = None
    reverses_id: UUID | None = None
    limits: Limits | None = None


@dataclass(frozen=True, slots=True)
class Posted:
    """A transfer that stands in the ledger, with both balances right after it.

    `is_replay` where its key was posted before: this is the first result, and nothing moved now.
    """

    order: Order
    transfer_id: UUID
    at: datetime
    payer_balance_paise: int
    payee_balance_paise: int
    is_replay: bool = False
