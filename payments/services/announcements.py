"""Telling both parties: a receipt each, and the news for their open pages."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from notifications import events, streams
from notifications.services import Notice, notify_each
from payments.ledger import Posted
from payments.models import Account
from payments.money import format_rupees
from payments.people import party_name


@dataclass(frozen=True, slots=True)
class Receipts:
    """The kinds of notification that payer and payee get; None for a party that need not be told."""

    payer: str | None
    payee: str | None


RECEIPTS = {
    "transfer": Receipts("transfer_sent", "transfer_received"),
    "reversal": Receipts("transfer_reversed", "transfer_reversed"),
    "prize": Receipts(None, "prize_received"),
    "capture": Receipts(None, "transfer_received"),
    "top_up": Receipts(None, "top_up_received"),
    "withdrawal": Receipts("withdrawal_sent", None),
    "withdrawal_return": Receipts(None, "withdrawal_failed"),
}
NO_RECEIPTS = Receipts(None, None)
_NAMES = ("kind", "name", "user__username", "user__first_name", "user__last_name")


def announce(posted: Sequence[Posted]) -> None:
    """Write receipts, live events and domain events of what was just posted, in the transaction that posted it: six
    statements, however many transfers."""
    if not posted:
        return
    ids = {id_ for one in posted for id_ in (one.order.payer_id, one.order.payee_id)}
    accounts = Account.objects.select_related("user").only(*_NAMES).in_bulk(ids)
    notices: list[Notice] = []
    happened: list[events.Draft] = []
    news: dict[str, list[tuple[str, dict[str, Any]]]] = defaultdict(list)
    for one in posted:
        payer, payee = accounts[one.order.payer_id], accounts[one.order.payee_id]
        url = reverse("payments:receipt", args=[one.transfer_id])
        receipts = RECEIPTS.get(one.order.kind, NO_RECEIPTS)
        for account, other, kind, amount, balance in (
            (payer, payee, receipts.payer, -one.order.amount_paise, one.payer_balance_paise),
            (payee, payer, receipts.payee, one.order.amount_paise, one.payee_balance_paise),
        ):
            if account.kind != Account.Kind.WALLET or account.user is None:
                continue
            told = _told(one, party_name(other, account.user.pk), amount, balance, url)
            news[f"wallet:{account.user.pk}"].append(("transfer.posted", told))
            if kind is not None:
                notices.append(Notice(account.user.pk, kind, str(one.transfer_id), told, url))
        happened.append(_happened(one, payer, payee))
    notify_each(notices)
    events.emit_many(happened)
    # As late as can be: each append holds its stream until the commit.
    streams.append_many(news)


def _happened(one: Posted, payer: Account, payee: Account) -> events.Draft:
    """The domain event that webhooks carry: what both parties may know, so no balances."""
    data = {
        "transfer_id": str(one.transfer_id),
        "kind": one.order.kind,
        "amount_paise": one.order.amount_paise,
        "payer": payer.user.username if payer.user else payer.name,
        "payee": payee.user.username if payee.user else payee.name,
        "note": one.order.note,
        "at": one.at.isoformat(),
    }
    about = sorted({account.user_id for account in (payer, payee) if account.user_id is not None})
    return events.Draft("transfer.completed", data, payer.user_id, about)


def _told(one: Posted, other: str, amount_paise: int, balance_paise: int, url: str) -> dict[str, Any]:
    return {
        "transfer_id": str(one.transfer_id),
        "kind": one.order.kind,
        "amount_paise": amount_paise,
        "amount": format_rupees(abs(amount_paise)),
        "balance_paise": balance_paise,
        "balance": format_rupees(balance_paise),
        "other": other,
        "note": one.order.note,
        "at": one.at.isoformat(),
        "url": url,
    }
