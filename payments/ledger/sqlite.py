"""The ledger's statements on SQLite, where the transaction holds the one write lock from its beginning."""

from collections.abc import Collection, Sequence
from types import TracebackType

from django.db import connection, transaction
from django.db.models import Q

from payments.ledger.orders import Order, Posted
from payments.ledger.rows import KnownTransfers, LockedAccount, NewEntry, NewTransfer
from payments.models import Account, Entry, Transfer

KEYS_PER_QUERY = 200
"""SQLite's expression tree may be 1,000 deep."""


class SqliteStatements:
    """The statements of the caller's transaction, or of one of their own."""

    def __enter__(self) -> "SqliteStatements":
        self._transaction = transaction.atomic(savepoint=False)
        self._transaction.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._transaction.__exit__(kind, error, trace)

    def read(
        self, account_ids: Collection[int], keys: Sequence[tuple[int, str]]
    ) -> tuple[dict[int, LockedAccount], KnownTransfers]:
        return self._accounts(account_ids), self._known(keys)

    def _accounts(self, ids: Collection[int]) -> dict[int, LockedAccount]:
        return {
            row.pk: LockedAccount(
                row.pk,
                row.balance_paise,
                row.entry_count,
                bytes(row.last_hash),
                row.may_overdraw,
                row.closed_at is not None,
                row.spent_on,
                row.spent_day_paise,
                row.spent_month_paise,
            )
            for row in Account.objects.filter(pk__in=ids)
        }

    def _known(self, keys: Sequence[tuple[int, str]]) -> KnownTransfers:
        found = {}
        for start in range(0, len(keys), KEYS_PER_QUERY):
            condition = Q()
            for payer_id, key in keys[start : start + KEYS_PER_QUERY]:
                condition |= Q(payer_id=payer_id, key=key)
            for transfer in Transfer.objects.filter(condition).prefetch_related("entries"):
                after = {entry.account_id: entry.balance_after_paise for entry in transfer.entries.all()}
                order = Order(
                    transfer.payer_id,
                    transfer.payee_id,
                    transfer.amount_paise,
                    transfer.kind,
                    transfer.key,
                    transfer.note,
                    reverses_id=transfer.reverses_id,
                )
                found[transfer.payer_id, transfer.key] = Posted(
                    order, transfer.pk, transfer.created_at, after[transfer.payer_id], after[transfer.payee_id]
                )
        return found

    def write(
        self, transfers: Sequence[NewTransfer], entries: Sequence[NewEntry], accounts: Sequence[LockedAccount]
    ) -> None:
        Transfer.objects.bulk_create(
            Transfer(
                id=id_,
                kind=order.kind,
                payer_id=order.payer_id,
                payee_id=order.payee_id,
                amount_paise=order.amount_paise,
                note=order.note,
                key=order.key,
                created_by_id=order.created_by_id,
                reverses_id=order.reverses_id,
                created_at=at,
            )
            for id_, order, at in transfers
        )
        Entry.objects.bulk_create(
            Entry(
                account_id=entry.account_id,
                seq=entry.seq,
                transfer_id=entry.transfer_id,
                amount_paise=entry.amount_paise,
                balance_after_paise=entry.balance_after_paise,
                created_at=entry.at,
                hash=entry.hash,
            )
            for entry in entries
        )
        with connection.cursor() as cursor:
            cursor.executemany(
                "UPDATE payments_account SET balance_paise = %s, entry_count = %s, last_hash = %s,"
                " spent_on = %s, spent_day_paise = %s, spent_month_paise = %s WHERE id = %s",
                [
                    (
                        account.balance_paise,
                        account.entry_count,
                        account.last_hash,
                        account.spent_on.isoformat() if account.spent_on else None,
                        account.spent_day_paise,
                        account.spent_month_paise,
                        account.id,
                    )
                    for account in accounts
                ],
            )
