"""Money between the wallet and the bank outside: started by a person, settled by the gateway's webhook, once."""

from collections.abc import Mapping

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from notifications import streams
from payments import errors, gateways, queries
from payments.gateways import News
from payments.ledger import Order, system_id, wallet_id
from payments.models import BankMove, GatewayEvent, Transfer
from payments.money import PAISE_PER_RUPEE, format_rupees
from payments.services.transfers import check_key, settle_one

MIN_PAISE = 10 * PAISE_PER_RUPEE
MAX_PAISE = 2_00_000 * PAISE_PER_RUPEE
"""What one top-up or withdrawal may move: gateways refuse less, and a bigger one is a matter for staff."""

Direction = BankMove.Direction
State = BankMove.State


def start_top_up(*, user: User, amount_paise: int, gateway: str, key: str, return_url: str) -> BankMove:
    """Begin to add money: the person goes on at `checkout_url`. The same key and details answer the first.

    Raises:
        UnknownGateway, InvalidAmount, InvalidKey, KeyReused, GatewayUnavailable
    """
    provider = gateways.named(gateway)
    move = _move(user, amount_paise, gateway, key, Direction.TOP_UP)[0]
    _hand_over(move, provider, return_url)
    return move


def start_withdrawal(*, user: User, amount_paise: int, gateway: str, key: str, return_url: str) -> BankMove:
    """Take money out: it leaves the wallet at once, and comes back where the bank refuses it.

    Raises:
        UnknownGateway, InvalidAmount, InvalidKey, KeyReused, InsufficientFunds, AccountClosed
    """
    provider = gateways.named(gateway)
    if not provider.can_withdraw:
        raise errors.UnknownGateway("This gateway cannot pay out.")
    with transaction.atomic():
        move, is_new = _move(user, amount_paise, gateway, key, Direction.WITHDRAWAL)
        if is_new:
            posted = settle_one(
                Order(
                    wallet_id(user),
                    system_id("bank"),
                    amount_paise,
                    Transfer.Kind.WITHDRAWAL.value,
                    f"withdrawal:{move.pk}",
                    created_by_id=user.pk,
                )
            )
            move.transfer_id = posted.transfer_id
            move.save(update_fields=["transfer"])
    _hand_over(move, provider, return_url)
    return move


def receive_webhook(*, gateway: str, headers: Mapping[str, str], body: bytes) -> GatewayEvent:
    """Take what a gateway says, once per event; what we know nothing about is kept for staff.

    Raises:
        UnknownGateway, ForgedWebhook
    """
    news = gateways.named(gateway).read_webhook(headers, body)
    with transaction.atomic():
        # A repeat that comes at the same time waits here for the first one's commit.
        event, is_new = GatewayEvent.objects.get_or_create(
            gateway=gateway,
            event_id=news.event_id[:200],
            defaults={
                "type": news.type[:100],
                "payload": news.payload,
                "outcome": GatewayEvent.Outcome.UNKNOWN,
            },
        )
        if not is_new:
            GatewayEvent.objects.filter(pk=event.pk).update(repeat_count=F("repeat_count") + 1)
            return event
        moves = BankMove.objects.select_for_update(of=("self",)).select_related("user")
        move = moves.filter(gateway=gateway, reference=news.reference).exclude(reference="").first()
        if move is not None:
            event.bank_move = move
            event.outcome = _apply(move, news)
            event.save(update_fields=["bank_move", "outcome"])
    return event


def _move(user: User, amount_paise: int, gateway: str, key: str, direction: Direction) -> tuple[BankMove, bool]:
    check_key(key)
    if not MIN_PAISE <= amount_paise <= MAX_PAISE:
        raise errors.InvalidAmount(f"Between {format_rupees(MIN_PAISE)} and {format_rupees(MAX_PAISE)} at once.")
    move, is_new = BankMove.objects.get_or_create(
        user=user,
        key=key,
        defaults={"direction": direction, "gateway": gateway, "amount_paise": amount_paise},
    )
    if (move.direction, move.gateway, move.amount_paise) != (direction, gateway, amount_paise):
        raise errors.KeyReused
    return move, is_new


def _hand_over(move: BankMove, provider: gateways.Gateway, return_url: str) -> None:
    """Outside of any transaction: a gateway may take seconds. It knows the move by its id, so asking again is safe."""
    if not move.reference:
        move.reference, move.checkout_url = provider.start(move, return_url=return_url)
        BankMove.objects.filter(pk=move.pk).update(reference=move.reference, checkout_url=move.checkout_url)


def _apply(move: BankMove, news: News) -> GatewayEvent.Outcome:
    outcome = GatewayEvent.Outcome
    if news.meaning == "unknown" or (news.amount_paise is not None and news.amount_paise != move.amount_paise):
        return outcome.UNKNOWN
    if news.meaning == "waiting":
        return outcome.IGNORED
    if move.direction == Direction.TOP_UP:
        return _apply_to_top_up(move, news)
    return _apply_to_withdrawal(move, news)


def _apply_to_top_up(move: BankMove, news: News) -> GatewayEvent.Outcome:
    if news.meaning == "failed":
        if move.state == State.DONE:
            # Paid and then failed: staff must look whether the money was called back.
            return GatewayEvent.Outcome.UNKNOWN
        _settle(move, State.FAILED)
        return GatewayEvent.Outcome.HANDLED
    if move.state == State.DONE:
        return GatewayEvent.Outcome.IGNORED
    # Also after "failed": webhooks come out of order, and whoever has paid is credited.
    try:
        posted = settle_one(
            Order(
                system_id("bank"),
                wallet_id(move.user),
                move.amount_paise,
                Transfer.Kind.TOP_UP.value,
                f"top-up:{move.pk}",
                created_by_id=move.user_id,
            )
        )
    except errors.AccountClosed:
        return GatewayEvent.Outcome.UNKNOWN
    move.transfer_id = posted.transfer_id
    _settle(move, State.DONE)
    return GatewayEvent.Outcome.HANDLED


def _apply_to_withdrawal(move: BankMove, news: News) -> GatewayEvent.Outcome:
    if move.state != State.PENDING:
        return GatewayEvent.Outcome.IGNORED if news.meaning == "paid" else GatewayEvent.Outcome.UNKNOWN
    if news.meaning == "paid":
        _settle(move, State.DONE)
        return GatewayEvent.Outcome.HANDLED
    try:
        settle_one(
            Order(
                system_id("bank"),
                wallet_id(move.user),
                move.amount_paise,
                Transfer.Kind.WITHDRAWAL_RETURN.value,
                f"return:{move.pk}",
            )
        )
    except errors.AccountClosed:
        return GatewayEvent.Outcome.UNKNOWN
    _settle(move, State.FAILED)
    return GatewayEvent.Outcome.HANDLED


def _settle(move: BankMove, state: State) -> None:
    if move.state == state:
        return
    move.state, move.settled_at = state, timezone.now()
    move.save(update_fields=["state", "settled_at", "transfer"])
    settled = {"id": str(move.pk), "state": move.state}
    streams.append(queries.wallet_stream(move.user_id), [("bank_move.settled", settled)])
