"""Posting transfers: lock, decide each one in turn, then write all of them with one set-based statement per table."""

import secrets
import time
from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import connection
from django.utils import timezone

from payments import errors
from payments.ledger.chain import entry_hash, microseconds, transfer_digest
from payments.ledger.orders import Limits, Order, Posted
from payments.ledger.postgresql import PostgresqlStatements
from payments.ledger.rows import LockedAccount, NewEntry, NewTransfer, Statements
from payments.ledger.sqlite import SqliteStatements
from payments.models import Transfer
from payments.money import MAX_AMOUNT_PAISE, format_rupees

Outcome = Posted | errors.PaymentsError


def post_transfer(order: Order) -> Posted:
    """Post one transfer. Raises the PaymentsError with which the ledger refuses it."""
    (outcome,) = post_transfers([order])
    if isinstance(outcome, errors.PaymentsError):
        raise outcome
    return outcome


def post_transfers(orders: Sequence[Order]) -> list[Outcome]:
    """Post transfers in one transaction (the caller's, or an own one): as many outcomes, in the same order.

    A refused transfer moves nothing and does not fail its neighbours. Accounts are locked in the order of their ids,
    whatever the order of the transfers, so that no two calls can wait for each other.
    """
    if not orders:
        return []
    statements: Statements = PostgresqlStatements() if connection.vendor == "postgresql" else SqliteStatements()
    with statements:
        # Keys are looked for under the locks: what another transaction posted for the payer is committed then.
        accounts, posted_before = statements.read(
            {id_ for order in orders for id_ in (order.payer_id, order.payee_id)},
            [(order.payer_id, order.key) for order in orders],
        )
        reverses = [order.reverses_id for order in orders if order.reverses_id is not None]
        reversed_before = _reversed_among(reverses) if reverses else set()
        batch = _Batch(accounts, posted_before, reversed_before, timezone.now())
        outcomes = [batch.decide(order) for order in orders]
        if batch.transfers:
            statements.write(batch.transfers, batch.entries, batch.changed_accounts())
    return outcomes


def _reversed_among(transfer_ids: list[UUID]) -> set[UUID | None]:
    return set(Transfer.objects.filter(reverses_id__in=transfer_ids).values_list("reverses_id", flat=True))


class _Batch:
    """The decisions of one transaction, in memory: nobody else can change the locked accounts meanwhile."""

    def __init__(
        self,
        accounts: dict[int, LockedAccount],
        posted_before: dict[tuple[int, str], Posted],
        reversed_before: set[UUID | None],
        now: datetime,
    ) -> None:
        self._accounts = accounts
        self._known = posted_before
        self._reversed = reversed_before
        self._now = now
        self._now_microseconds = microseconds(now)
        self._today = timezone.localdate(now)
        self._changed: dict[int, LockedAccount] = {}
        self.transfers: list[NewTransfer] = []
        self.entries: list[NewEntry] = []

    def changed_accounts(self) -> list[LockedAccount]:
        return list(self._changed.values())

    def decide(self, order: Order) -> Outcome:
        first = self._known.get((order.payer_id, order.key))
        if first is not None:
            return _replay(first, order)
        try:
            payer, payee = self._check(order)
        except errors.PaymentsError as error:
            return error
        return self._move(order, payer, payee)

    def _check(self, order: Order) -> tuple[LockedAccount, LockedAccount]:
        amount = order.amount_paise
        if amount <= 0:
            raise errors.AmountTooSmall
        if amount > MAX_AMOUNT_PAISE:
            raise errors.AmountTooLarge
        if order.payer_id == order.payee_id:
            raise errors.SelfTransfer
        payer, payee = self._accounts.get(order.payer_id), self._accounts.get(order.payee_id)
        if payer is None or payee is None:
            raise errors.UnknownAccount
        if payer.is_closed or payee.is_closed:
            raise errors.AccountClosed
        if order.reverses_id is not None and order.reverses_id in self._reversed:
            raise errors.AlreadyReversed
        if order.limits is not None:
            self._check_limits(order.limits, payer, amount)
        if payer.balance_paise < amount and not payer.may_overdraw:
            raise errors.InsufficientFunds
        return payer, payee

    def _check_limits(self, limits: Limits, payer: LockedAccount, amount: int) -> None:
        day, month = _spent(payer, self._today)
        for period, limit, left in (
            ("transfer", limits.transfer_paise, limits.transfer_paise),
            ("day", limits.day_paise, limits.day_paise - day),
            ("month", limits.month_paise, limits.month_paise - month),
        ):
            if amount > left:
                words = f"Your plan's limit is {format_rupees(limit)} a {period}"
                if period != "transfer":
                    words += f": {format_rupees(max(left, 0))} of it is left"
                raise errors.LimitExceeded(f"{words}.", period=period, limit_paise=limit, left_paise=max(left, 0))

    def _move(self, order: Order, payer: LockedAccount, payee: LockedAccount) -> Posted:
        amount, transfer_id = order.amount_paise, _uuid7()
        if order.limits is not None:
            day, month = _spent(payer, self._today)
            payer.spent_on, payer.spent_day_paise, payer.spent_month_paise = self._today, day + amount, month + amount
        digest = transfer_digest(
            transfer_id,
            self._now_microseconds,
            payer.id,
            payee.id,
            amount,
            order.kind,
            order.key,
            order.note,
            order.created_by_id,
            order.reverses_id,
        )
        self.transfers.append(NewTransfer(transfer_id, order, self._now))
        for account, signed in ((payer, -amount), (payee, amount)):
            account.balance_paise += signed
            account.entry_count += 1
            account.last_hash = entry_hash(
                account.last_hash, digest, account.id, account.entry_count, signed, account.balance_paise
            )
            self.entries.append(
                NewEntry(
                    account.id,
                    account.entry_count,
                    transfer_id,
                    signed,
                    account.balance_paise,
                    self._now,
                    account.last_hash,
                )
            )
            self._changed[account.id] = account
        posted = Posted(order, transfer_id, self._now, payer.balance_paise, payee.balance_paise)
        self._known[payer.id, order.key] = posted
        if order.reverses_id is not None:
            self._reversed.add(order.reverses_id)
        return posted


def _replay(first: Posted, order: Order) -> Outcome:
    """The first result, where the request is the same in all that it says."""
    before = first.order
    if (before.payee_id, before.amount_paise, before.kind, before.note, before.reverses_id) != (
        order.payee_id,
        order.amount_paise,
        order.kind,
        order.note,
        order.reverses_id,
    ):
        return errors.KeyReused()
    return Posted(
        order, first.transfer_id, first.at, first.payer_balance_paise, first.payee_balance_paise, is_replay=True
    )


def _spent(payer: LockedAccount, today: date) -> tuple[int, int]:
    """What the payer has sent today and this month, in paise."""
    on = payer.spent_on
    if on is None or (on.year, on.month) != (today.year, today.month):
        return 0, 0
    return payer.spent_day_paise if on == today else 0, payer.spent_month_paise


def _uuid7() -> UUID:
    """Rises with time, to the millisecond, so that new rows go to the index's end (RFC 9562, section 5.7)."""
    value = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    return UUID(int=value & ~(0xF000 << 64) & ~(0xC000 << 48) | 0x7000 << 64 | 0x8000 << 48)
