"""Telling both parties: a receipt each, and the news for their open pages."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from notifications import events, streams
from notifications.services import Notice, notify_each
from payments import queries
from payments.ledger import Posted
from payments.models import Account
from payments.money import format_rupees
from payments.people import Party, parties_of


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


def announce(posted: Sequence[Posted]) -> None:
    """Write receipts, live events and domain events of what was just posted, in the transaction that posted it: six
    statements, however many transfers."""
    if not posted:
        return
    ids = {id_ for one in posted for id_ in (one.order.payer_id, one.order.payee_id)}
    parties = parties_of(ids)
    notices: list[Notice] = []
    happened: list[events.Draft] = []
    news: dict[str, list[tuple[str, dict[str, Any]]]] = defaultdict(list)
    for one in posted:
        payer, payee = parties[one.order.payer_id], parties[one.order.payee_id]
        url = reverse("payments:receipt", args=[one.transfer_id])
        receipts = RECEIPTS.get(one.order.kind, NO_RECEIPTS)
        for party, other, kind, amount, balance in (
            (payer, payee, receipts.payer, -one.order.amount_paise, one.payer_balance_paise),
            (payee, payer, receipts.payee, one.order.amount_paise, one.payee_balance_paise),
        ):
            if party.kind != Account.Kind.WALLET or party.user_id is None:
                continue
            told = _told(one, other.name_for(party.user_id), amount, balance, url)
            news[queries.wallet_stream(party.user_id)].append(("transfer.posted", told))
            if kind is not None:
                notices.append(Notice(party.user_id, kind, str(one.transfer_id), told, url))
        happened.append(_happened(one, payer, payee))
    notify_each(notices)
    events.emit_many(happened)
    # As late as can be: each append holds its stream until the commit.
    streams.append_many(news)


def _happened(one: Posted, payer: Party, payee: Party) -> events.Draft:
    """The domain event that webhooks carry: what both parties may know, so no balances."""
    data = {
        "transfer_id": str(one.transfer_id),
        "kind": one.order.kind,
        "amount_paise": one.order.amount_paise,
        "payer": payer.username or payer.account_name,
        "payee": payee.username or payee.account_name,
        "note": one.order.note,
        "at": one.at.isoformat(),
    }
    about = sorted({party.user_id for party in (payer, payee) if party.user_id is not None})
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
