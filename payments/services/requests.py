"""Asking for money, and sharing a bill."""

from collections.abc import Sequence
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from notifications.services import notify
from payments import errors, queries
from payments.models import BillSplit, Draft, MoneyRequest
from payments.money import format_rupees
from payments.people import display_name
from payments.services.drafts import draft_transfer
from payments.services.transfers import check_details, check_key, check_note

MAX_SHARES = 50


def ask_for_money(
    *, asker: User, payer: User, amount_paise: int, key: str, note: str = "", split: BillSplit | None = None
) -> MoneyRequest:
    """Ask someone for money; they are told, and may accept or decline. The same key and details answer the first.

    Raises:
        InvalidKey, InvalidNote, SelfTransfer, AmountTooSmall, KeyReused
    """
    check_details(payer=asker, payee=payer, amount_paise=amount_paise, key=key, note=note)
    with transaction.atomic():
        request, is_new = MoneyRequest.objects.get_or_create(
            asker=asker,
            key=key,
            defaults={"payer": payer, "amount_paise": amount_paise, "note": note, "split": split},
        )
        if not is_new and (request.payer_id, request.amount_paise, request.note) != (payer.pk, amount_paise, note):
            raise errors.KeyReused
        if is_new:
            _tell(request, payer, asker, "money_requested")
    return request


def accept_request(*, payer: User, request_id: UUID) -> Draft:
    """A draft that pays the request: confirmed like any other transfer, with a code where one is needed.

    Raises:
        UnknownRequest, RequestClosed
    """
    request = queries.request_for(payer, request_id, role="payer")
    if not request.is_open:
        raise errors.RequestClosed
    # A draft lasts an hour, a request as long as it takes: a later yes is a new draft.
    attempts = Draft.objects.filter(money_request=request, transfer=None).order_by("-created_at")
    waiting = next((draft for draft in attempts if queries.is_fresh(draft)), None)
    return waiting or draft_transfer(
        payer=payer,
        payee=request.asker,
        amount_paise=request.amount_paise,
        key=f"request:{request.pk}:{len(attempts)}",
        note=request.note,
        money_request=request,
    )


def decline_request(*, payer: User, request_id: UUID) -> None:
    """Say no; the asker is told. Raises UnknownRequest, RequestClosed."""
    request = queries.request_for(payer, request_id, role="payer")
    with transaction.atomic():
        _close(request, declined_at=timezone.now())
        _tell(request, request.asker, payer, "request_declined")


def cancel_request(*, asker: User, request_id: UUID) -> None:
    """Take the request back. Raises UnknownRequest, RequestClosed."""
    _close(queries.request_for(asker, request_id, role="asker"), cancelled_at=timezone.now())


def split_bill(
    *, creator: User, people: Sequence[User], total_paise: int, key: str, note: str = "", place: str = ""
) -> BillSplit:
    """Ask each of the people for an equal share of what the creator paid; the creator bears one share too.

    What does not divide is spread by a paisa each over the first of them, so that all shares add up to the total.

    Raises:
        InvalidSplit, InvalidKey, InvalidNote, AmountTooSmall, KeyReused
    """
    check_key(key)
    check_note(note)
    ids = [person.pk for person in people]
    if not 1 <= len(ids) <= MAX_SHARES or len(set(ids)) != len(ids) or creator.pk in ids:
        raise errors.InvalidSplit
    if total_paise < len(ids) + 1:
        raise errors.AmountTooSmall
    share, rest = divmod(total_paise, len(ids) + 1)
    with transaction.atomic():
        split, is_new = BillSplit.objects.get_or_create(
            creator=creator, key=key, defaults={"total_paise": total_paise, "note": note, "place": place[:120]}
        )
        asked = set(split.requests.values_list("payer_id", flat=True))
        if not is_new and (split.total_paise, split.note, asked) != (total_paise, note, set(ids)):
            raise errors.KeyReused
        if is_new:
            for number, person in enumerate(people):
                ask_for_money(
                    asker=creator,
                    payer=person,
                    amount_paise=share + (1 if number < rest else 0),
                    key=f"split:{split.pk}:{person.pk}",
                    note=note,
                    split=split,
                )
    return split


def _close(request: MoneyRequest, **ended: object) -> None:
    open_ones = MoneyRequest.objects.filter(pk=request.pk, transfer=None, declined_at=None, cancelled_at=None)
    if not open_ones.update(**ended):
        raise errors.RequestClosed


def _tell(request: MoneyRequest, user: User, other: User, kind: str) -> None:
    data = {"other": display_name(other), "amount": format_rupees(request.amount_paise), "note": request.note}
    notify(user=user, kind=kind, key=str(request.pk), data=data, url=reverse("payments:requests"))
