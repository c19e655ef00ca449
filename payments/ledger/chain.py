"""The hash chain: an entry's hash covers its transfer and the entry before it, so that any change shows."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(at: datetime) -> int:
    """Since 1970, exactly: what both databases keep of a time."""
    return (at - _EPOCH) // _MICROSECOND


def transfer_digest(
    transfer_id: UUID,
    at_microseconds: int,
    payer_id: int,
    payee_id: int,
    amount_paise: int,
    kind: str,
    key: str,
    note: str,
    created_by_id: int | None,
    reverses_id: UUID | None,
) -> bytes:
    """SHA-256 over all that a transfer says. Free text comes last, each part with its length before it."""
    head = (
        f"{transfer_id.hex}|{at_microseconds}|{payer_id}|{payee_id}|{amount_paise}|{kind}"
        f"|{created_by_id}|{reverses_id.hex if reverses_id else None}|{len(key)}|{len(note)}|{key}{note}"
    )
    return sha256(head.encode()).digest()


def entry_hash(
    before: bytes, digest: bytes, account_id: int, seq: int, amount_paise: int, balance_after_paise: int
) -> bytes:
    """The next link of an account's chain, from the link before and the transfer's digest."""
    return sha256(before + digest + b"%d|%d|%d|%d" % (account_id, seq, amount_paise, balance_after_paise)).digest()
