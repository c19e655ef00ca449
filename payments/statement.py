"""A statement's lines: an entry, seen from the wallet that it belongs to."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.urls import reverse

from payments.models import Entry
from payments.people import party_name

WORDS = {
    "transfer": ("Sent to", "Received from"),
    "reversal": ("Reversed to", "Reversed from"),
    "top_up": ("Returned to", "Added from"),
    "withdrawal": ("Withdrawn to", "Withdrawn from"),
    "withdrawal_return": ("Returned to", "Withdrawal returned by"),
    "plan": ("Paid for", "Refunded by"),
    "prize": ("Returned to", "Won from"),
    "grant": ("Returned to", "Welcome gift from"),
    "hold": ("Put on", "Put on"),
    "capture": ("Paid to", "Received from"),
    "release": ("Back from", "Back from"),
}
"""By kind: how a line begins when money leaves the wallet, and when it comes."""

TITLES = {
    "transfer": ("Transfer successful", "Money received"),
    "reversal": ("Transfer reversed", "Transfer reversed"),
    "top_up": ("Money returned", "Money added"),
    "withdrawal": ("Withdrawal", "Withdrawal"),
    "withdrawal_return": ("Withdrawal returned", "Withdrawal returned"),
    "plan": ("Premium paid", "Premium refunded"),
    "prize": ("Prize returned", "Prize received"),
    "grant": ("Gift returned", "Gift received"),
    "hold": ("Money set aside", "Money set aside"),
    "capture": ("Hold taken", "Money received"),
    "release": ("Back from hold", "Back from hold"),
}
"""By kind: what a receipt is called when money leaves the wallet, and when it comes."""

KIND_LABELS = {
    "transfer": "Transfers",
    "top_up": "Money added",
    "withdrawal": "Withdrawals",
    "plan": "Plan payments",
    "prize": "Prizes and gifts",
    "hold": "Holds",
    "reversal": "Reversals",
}
"""What the statement can be filtered by."""

KINDS_OF_LABEL = {
    "withdrawal": ("withdrawal", "withdrawal_return"),
    "prize": ("prize", "grant"),
    "hold": ("hold", "capture", "release"),
}
"""Those labels that stand for several kinds."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line; the amount is below zero when it left the wallet."""

    seq: int
    at: datetime
    kind: str
    words: str
    other: str
    other_user: User | None
    note: str
    amount_paise: int
    balance_after_paise: int
    transfer_id: str
    url: str

    @property
    def is_in(self) -> bool:
        return self.amount_paise > 0


def line_of(entry: Entry) -> Line:
    """The line of an entry, whose transfer and its parties are loaded."""
    transfer = entry.transfer
    other = transfer.payee if entry.amount_paise < 0 else transfer.payer
    mine = transfer.payer if entry.amount_paise < 0 else transfer.payee
    words_out, words_in = WORDS[transfer.kind]
    return Line(
        seq=entry.seq,
        at=entry.created_at,
        kind=transfer.kind,
        words=words_out if entry.amount_paise < 0 else words_in,
        other=party_name(other, mine.user_id),
        other_user=other.user,
        note=transfer.note,
        amount_paise=entry.amount_paise,
        balance_after_paise=entry.balance_after_paise,
        transfer_id=str(transfer.pk),
        url=reverse("payments:receipt", args=[transfer.pk]),
    )
