"""A transfer from the form to the yes: what is confirmed is what was shown, and it is done once."""

from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from payments import errors, queries
from payments.ledger import Posted
from payments.models import Draft, MoneyRequest
from payments.services.codes import needs_code, send_code, try_code, use_code
from payments.services.gathering import settle_gathered
from payments.services.transfers import check_details, order_and_standing, order_between, settle_one


def draft_transfer(
    *, payer: User, payee: User, amount_paise: int, key: str, note: str = "", money_request: MoneyRequest | None = None
) -> Draft:
    """Keep what the person asked for, to be shown and confirmed, and send a code where one is needed.

    The same key and details answer the first draft.

    Raises:
        InvalidKey, InvalidNote, SelfTransfer, KeyReused
    """
    check_details(payer=payer, payee=payee, amount_paise=amount_paise, key=key, note=note)
    with transaction.atomic():
        draft, is_new = Draft.objects.get_or_create(
            payer=payer,
            key=key,
            defaults={
                "payee": payee,
                "amount_paise": amount_paise,
                "note": note,
                "money_request": money_request,
                "needs_code": needs_code(payer=payer, payee=payee, amount_paise=amount_paise),
            },
        )
        if not is_new:
            _check_same(draft, payee, amount_paise, note)
        if is_new and draft.needs_code:
            send_code(draft=draft)
    return draft


def confirm_draft(*, payer: User, draft_id: UUID, code: str = "") -> Posted:
    """Move the money that the draft promises; confirming it twice moves it once and answers the same.

    Raises:
        UnknownTransfer: no such draft of this person.
        CodeRequired, CodeWrong, CodeExpired: a one-time code is needed, and this is not it.
        PaymentsError: why it cannot be; the draft stays and can be confirmed later.
    """
    draft = queries.draft_for(payer, draft_id)
    order = order_between(
        payer=payer, payee=draft.payee, amount_paise=draft.amount_paise, key=draft.key, note=draft.note
    )
    if draft.transfer_id is not None:
        return settle_one(order)
    if not queries.is_fresh(draft):
        raise errors.DraftExpired
    # Outside the transfer's transaction: a wrong try must count although nothing is moved.
    tried = try_code(draft=draft, digits=code) if draft.needs_code else None
    with transaction.atomic():
        # Locks are taken in the order draft, code, accounts, as send_code() does.
        Draft.objects.select_for_update().get(pk=draft.pk)
        if tried is not None:
            use_code(code=tried)
        posted = settle_one(order)
        Draft.objects.filter(pk=draft.pk).update(transfer_id=posted.transfer_id)
        if draft.money_request_id is not None:
            _pay_request(draft.money_request_id, posted)
    return posted


def request_transfer(*, payer: User, payee: User, amount_paise: int, key: str, note: str = "") -> Posted | Draft:
    """Move money in one step; where a one-time code is needed, answer the draft that waits for it, and send the code.

    Raises:
        PaymentsError: the reason, and nothing has moved.
    """
    order, standing = order_and_standing(payer=payer, payee=payee, amount_paise=amount_paise, key=key, note=note)
    draft = queries.draft_with_key(payer, key) if standing.may_have_draft else None
    if draft is not None:
        # The key's first request still waits for its code: another body must not slip past it.
        _check_same(draft, payee, amount_paise, note)
        if draft.transfer_id is not None:
            return settle_gathered(order)
        if not queries.is_fresh(draft):
            raise errors.DraftExpired
        return draft
    if (
        needs_code(payer=payer, payee=payee, amount_paise=amount_paise)
        and queries.posted_before(order.payer_id, order.key) is None
    ):
        # The ledger would say so in the end: no code is sent for what cannot be paid.
        if queries.balance_paise(payer) < amount_paise:
            raise errors.InsufficientFunds
        return draft_transfer(payer=payer, payee=payee, amount_paise=amount_paise, key=key, note=note)
    return settle_gathered(order)


def _check_same(draft: Draft, payee: User, amount_paise: int, note: str) -> None:
    if (draft.payee_id, draft.amount_paise, draft.note) != (payee.pk, amount_paise, note):
        raise errors.KeyReused


def _pay_request(request_id: UUID, posted: Posted) -> None:
    paid = MoneyRequest.objects.filter(pk=request_id, declined_at=None, cancelled_at=None)
    if not paid.filter(transfer=None).update(transfer_id=posted.transfer_id) and not posted.is_replay:
        raise errors.RequestClosed
