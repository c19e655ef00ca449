"""Two-phase payments: set money aside now, take it (or some of it) later."""

import logging
from datetime import timedelta
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from notifications.services import notify
from payments import errors, queries
from payments.ledger import Order, wallet_id
from payments.ledger import hold_id as hold_account
from payments.models import Hold, Transfer
from payments.money import format_rupees
from payments.people import display_name
from payments.plans import LIMITS
from payments.services.codes import needs_code
from payments.services.transfers import check_details, settle, settle_one

logger = logging.getLogger(__name__)

LIFETIME = timedelta(days=7)


def authorise_hold(
    *, payer: User, payee: User, amount_paise: int, key: str, note: str = "", lifetime: timedelta = LIFETIME
) -> Hold:
    """Set money of the payer's aside for the payee. The same key and details answer the first hold.

    Raises:
        CodeRequired: a transfer of this amount would need a one-time code, which a hold has no place for.
        PaymentsError: the reason, and nothing is set aside.
    """
    check_details(payer=payer, payee=payee, amount_paise=amount_paise, key=key, note=note)
    if needs_code(payer=payer, payee=payee, amount_paise=amount_paise):
        # A hold must not be a way around the code.
        raise errors.CodeRequired("So much can only be sent with a one-time code, not set aside.")
    if not payee.is_active:
        raise errors.AccountClosed
    with transaction.atomic():
        # Two at once with one key meet at the ledger's: the second one's order is a replay, under the payer's lock.
        posted = settle_one(
            Order(
                wallet_id(payer),
                hold_account(payer),
                amount_paise,
                Transfer.Kind.HOLD.value,
                f"hold:{key}",
                note,
                created_by_id=payer.pk,
                limits=LIMITS[queries.plan_of(payer)],
            )
        )
        if posted.is_replay:
            hold = Hold.objects.get(payer=payer, key=key)
            if hold.payee_id != payee.pk:
                raise errors.KeyReused
            return hold
        hold = Hold.objects.create(
            payer=payer, payee=payee, amount_paise=amount_paise, note=note, key=key, expires_at=posted.at + lifetime
        )
        _tell(hold, payee, payer, "hold_made", amount_paise=amount_paise)
    return hold


def capture_hold(*, payee: User, hold_id: UUID, amount_paise: int | None = None) -> Hold:
    """Pay the payee from the hold, all of it or a part; the rest goes back to the payer.

    Raises:
        UnknownHold, HoldSettled, AmountTooSmall, AmountTooLarge
    """
    hold = queries.hold_for(payee, hold_id, role="payee")
    amount = hold.amount_paise if amount_paise is None else amount_paise
    if amount <= 0:
        raise errors.AmountTooSmall
    if amount > hold.amount_paise:
        raise errors.AmountTooLarge("That is more than the hold has.")
    with transaction.atomic():
        live = Hold.objects.filter(pk=hold.pk, state=Hold.State.AUTHORISED, expires_at__gt=timezone.now())
        if not live.update(state=Hold.State.CAPTURED, captured_paise=amount, settled_at=timezone.now()):
            raise errors.HoldSettled
        _pay_out(hold, captured_paise=amount)
        _tell(hold, hold.payer, payee, "hold_captured", amount_paise=amount)
    hold.refresh_from_db()
    return hold


def void_hold(*, user: User, hold_id: UUID) -> Hold:
    """Give the whole hold back to its payer; the payee may do so at any time. Raises UnknownHold, HoldSettled."""
    hold = queries.hold_for(user, hold_id, role="payee")
    if not _release(hold, Hold.State.VOIDED):
        raise errors.HoldSettled
    hold.refresh_from_db()
    return hold


def expire_holds() -> int:
    """Give back every hold whose time is over; answers how many."""
    due = Hold.objects.filter(state=Hold.State.AUTHORISED, expires_at__lte=timezone.now())
    expired = 0
    for hold in due.select_related("payer", "payee"):
        try:
            expired += _release(hold, Hold.State.EXPIRED)
        except Exception:
            # One that cannot be given back must not hold up the others.
            logger.exception("hold %s could not be given back", hold.pk)
    return expired


def _release(hold: Hold, state: Hold.State) -> bool:
    with transaction.atomic():
        released = Hold.objects.filter(pk=hold.pk, state=Hold.State.AUTHORISED)
        if not released.update(state=state, settled_at=timezone.now()):
            return False
        _pay_out(hold, captured_paise=0)
        _tell(hold, hold.payer, hold.payee, "hold_released", amount_paise=hold.amount_paise, state=state.value)
    return True


def _tell(hold: Hold, user: User, other: User, kind: str, *, amount_paise: int, **more: str) -> None:
    data = {
        "other": display_name(other),
        "amount": format_rupees(amount_paise),
        "of": format_rupees(hold.amount_paise),
        "note": hold.note,
        "expires_on": f"{timezone.localtime(hold.expires_at):%-d %B %Y}",
        **more,
    }
    notify(user=user, kind=kind, key=str(hold.pk), data=data, url=reverse("payments:hold", args=[hold.pk]))


def _pay_out(hold: Hold, *, captured_paise: int) -> None:
    from_account = hold_account(hold.payer)
    rest = hold.amount_paise - captured_paise
    orders = []
    if captured_paise:
        payee_wallet = wallet_id(hold.payee)
        orders.append(
            Order(
                from_account,
                payee_wallet,
                captured_paise,
                Transfer.Kind.CAPTURE.value,
                f"capture:{hold.pk}",
                hold.note,
            )
        )
    if rest:
        payer_wallet = wallet_id(hold.payer)
        orders.append(
            Order(from_account, payer_wallet, rest, Transfer.Kind.RELEASE.value, f"release:{hold.pk}", hold.note)
        )
    for outcome in settle(orders):
        if isinstance(outcome, errors.PaymentsError):
            raise outcome
