"""Moving money between people, with everything that belongs to it in the same transaction."""

import re
from collections.abc import Sequence

from django.contrib.auth.models import User
from django.db import transaction

from payments import errors, queries
from payments.ledger import Order, Posted, post_transfers, wallet_id
from payments.ledger.posting import Outcome
from payments.models import Transfer
from payments.money import MAX_AMOUNT_PAISE
from payments.plans import LIMITS
from payments.services.announcements import announce

MAX_KEY_LENGTH = 100
MAX_NOTE_LENGTH = 140
_NO_TEXT = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def settle(orders: Sequence[Order]) -> list[Outcome]:
    """Post transfers, and write both parties' receipts and live events with them: all in one transaction.

    Each order has its own outcome; a refused one does not fail its neighbours.
    """
    with transaction.atomic():
        outcomes = post_transfers(orders)
        announce([outcome for outcome in outcomes if isinstance(outcome, Posted) and not outcome.is_replay])
    return outcomes


def settle_one(order: Order) -> Posted:
    """`settle()` for one order. Raises the PaymentsError with which it is refused."""
    (outcome,) = settle([order])
    if isinstance(outcome, errors.PaymentsError):
        raise outcome
    return outcome


def send_money(*, payer: User, payee: User, amount_paise: int, key: str, note: str = "") -> Posted:
    """Move money from one person to another, within the limits of the payer's plan.

    The same key and details answer the first result; nothing is moved twice.

    Raises:
        PaymentsError: the reason, and nothing has moved.
    """
    return settle_one(order_between(payer=payer, payee=payee, amount_paise=amount_paise, key=key, note=note))


def order_between(*, payer: User, payee: User, amount_paise: int, key: str, note: str = "") -> Order:
    """The order of one person to another. Raises InvalidKey, InvalidNote, SelfTransfer, AccountClosed."""
    return order_and_standing(payer=payer, payee=payee, amount_paise=amount_paise, key=key, note=note)[0]


def order_and_standing(
    *, payer: User, payee: User, amount_paise: int, key: str, note: str
) -> tuple[Order, queries.Standing]:
    """`order_between()`, with what was found for it."""
    check_details(payer=payer, payee=payee, amount_paise=amount_paise, key=key, note=note)
    if not payee.is_active:
        raise errors.AccountClosed
    standing = queries.standing_of(payer, payee, key)
    order = Order(
        payer_id=standing.wallets.get(payer.pk) or wallet_id(payer),
        payee_id=standing.wallets.get(payee.pk) or wallet_id(payee),
        amount_paise=amount_paise,
        kind=Transfer.Kind.TRANSFER.value,
        key=f"key:{key}",
        note=note,
        created_by_id=payer.pk,
        limits=LIMITS[standing.plan],
    )
    return order, standing


def check_details(*, payer: User, payee: User, amount_paise: int, key: str, note: str) -> None:
    """Raises AmountTooSmall, AmountTooLarge, InvalidKey, InvalidNote, SelfTransfer."""
    if amount_paise <= 0:
        raise errors.AmountTooSmall
    if amount_paise > MAX_AMOUNT_PAISE:
        raise errors.AmountTooLarge
    check_key(key)
    check_note(note)
    if payer.pk == payee.pk:
        raise errors.SelfTransfer


def check_note(note: str) -> None:
    """Raises InvalidNote, also for signs that control a terminal or are half of one: no database keeps all of them."""
    if len(note) > MAX_NOTE_LENGTH or _NO_TEXT.search(note):
        raise errors.InvalidNote


def check_key(key: str) -> None:
    """Raises InvalidKey."""
    if not (0 < len(key) <= MAX_KEY_LENGTH and key.isprintable()):
        raise errors.InvalidKey
