"""Proves that every number adds up, and that no entry was touched since it was written."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import connection, transaction
from django.db.models import Count, F, Q, Sum

from payments.ledger.chain import entry_hash, microseconds, transfer_digest
from payments.models import Account, Entry, Transfer
from payments.models.ledger import GENESIS_HASH

ROWS_PER_FETCH = 2000


@dataclass(slots=True)
class LedgerReport:
    """What was read, and each thing that is wrong, in words."""

    account_count: int = 0
    transfer_count: int = 0
    entry_count: int = 0
    faults: list[str] = field(default_factory=list)


@contextmanager
def _one_moment() -> Iterator[None]:
    """All reads of the check see one moment, however long it takes, and no transfer waits for it."""
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    else:
        # atomic() would take SQLite's write lock.
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")


def check_ledger() -> LedgerReport:
    """Check sums, balances, the order of entries and the hash chains; memory does not grow with the ledger."""
    report = LedgerReport()
    with _one_moment():
        report.transfer_count = Transfer.objects.count()
        _check_sums(report)
        _check_transfers(report)
        for account in Account.objects.order_by("id").iterator(ROWS_PER_FETCH):
            _check_account(account, report)
    return report


def _check_sums(report: LedgerReport) -> None:
    entries = Entry.objects.aggregate(paise=Sum("amount_paise"))["paise"] or 0
    balances = Account.objects.aggregate(paise=Sum("balance_paise"))["paise"] or 0
    if entries:
        report.faults.append(f"all entries add up to {entries} paise, not to 0")
    if balances:
        report.faults.append(f"all balances add up to {balances} paise, not to 0")


def _check_transfers(report: LedgerReport) -> None:
    sides = Transfer.objects.annotate(
        sum_paise=Sum("entries__amount_paise"),
        count=Count("entries"),
        paid_paise=Sum("entries__amount_paise", filter=Q(entries__account=F("payer"))),
        got_paise=Sum("entries__amount_paise", filter=Q(entries__account=F("payee"))),
    )
    wrong = sides.filter(
        ~Q(count=2)
        | ~Q(sum_paise=0)
        | Q(paid_paise=None)
        | Q(got_paise=None)
        | ~Q(paid_paise=-F("amount_paise"))
        | ~Q(got_paise=F("amount_paise"))
    )
    report.faults.extend(
        f"transfer {row.pk} of {row.amount_paise} paise: {row.count} entries that add up to {row.sum_paise or 0}"
        for row in wrong.iterator(ROWS_PER_FETCH)
    )


def _check_account(account: Account, report: LedgerReport) -> None:
    report.account_count += 1
    where = f"account {account.pk} ({account})"
    balance, seq, before = 0, 0, GENESIS_HASH
    entries = Entry.objects.filter(account=account).select_related("transfer").order_by("seq")
    for entry in entries.iterator(ROWS_PER_FETCH):
        seq += 1
        balance += entry.amount_paise
        if entry.seq != seq:
            report.faults.append(f"{where}: entry {entry.seq} stands where {seq} belongs")
            seq = entry.seq
        if entry.balance_after_paise != balance:
            report.faults.append(
                f"{where}: entry {seq} says {entry.balance_after_paise} paise, its entries add up to {balance}"
                f" (difference {entry.balance_after_paise - balance})"
            )
        if balance < 0 and not account.may_overdraw:
            report.faults.append(f"{where}: below zero after entry {seq}")
        expected = entry_hash(before, _digest(entry.transfer), account.pk, seq, entry.amount_paise, balance)
        if bytes(entry.hash) != expected:
            report.faults.append(
                f"{where}: entry {seq} or its transfer {entry.transfer_id} was changed: the hash differs"
            )
        before = bytes(entry.hash)
    report.entry_count += seq
    if account.balance_paise != balance:
        report.faults.append(
            f"{where}: its balance is {account.balance_paise} paise, its entries add up to {balance}"
            f" (difference {account.balance_paise - balance})"
        )
    if account.entry_count != seq or bytes(account.last_hash) != before:
        report.faults.append(f"{where}: it counts {account.entry_count} entries, {seq} are there, or the last differs")


def _digest(transfer: Transfer) -> bytes:
    return transfer_digest(
        transfer.pk,
        microseconds(transfer.created_at),
        transfer.payer_id,
        transfer.payee_id,
        transfer.amount_paise,
        transfer.kind,
        transfer.key,
        transfer.note,
        transfer.created_by_id,
        transfer.reverses_id,
    )
