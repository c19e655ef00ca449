"""check_ledger finds every kind of tampering, and its command tells by the exit status."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import F
from django.utils import timezone

from payments import guards
from payments.ledger import check_ledger, post_transfer, wallet_id
from payments.models import Account, Entry, Transfer
from tests.payments.factories import make_person, order

pytestmark = pytest.mark.django_db


@pytest.fixture
def tamper() -> None:
    """Takes the guards down, as someone with the database's own password could."""
    wallets = [wallet_id(make_person(name, paise=1000)) for name in ("asha", "ravi")]
    for paise in (10, 20, 30):
        post_transfer(order(*wallets, paise, note="chai"))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for table in guards.TABLES:
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        else:
            for name in guards.sqlite_trigger_names():
                cursor.execute(f"DROP TRIGGER {name}")


def _swap(one: Entry, other: Entry) -> None:
    """Two entries change places, and each balance still follows from the one before."""
    first, second, start = one.seq, other.seq, one.balance_after_paise - one.amount_paise
    for entry, seq, after in (
        (one, -1, one.balance_after_paise),
        (other, first, start + other.amount_paise),
        (one, second, other.balance_after_paise),
    ):
        Entry.objects.filter(pk=entry.pk).update(seq=seq, balance_after_paise=after)


def _raise_both_sides(paise: int, *, by: int) -> None:
    """A transfer of another amount, with all sums and balances made to fit: only the chains know."""
    transfer = Transfer.objects.get(amount_paise=paise, kind="transfer")
    Transfer.objects.filter(pk=transfer.pk).update(amount_paise=paise + by)
    for account_id, change in ((transfer.payer_id, -by), (transfer.payee_id, by)):
        mine = Entry.objects.filter(account_id=account_id)
        seq = mine.get(transfer=transfer).seq
        mine.filter(seq=seq).update(amount_paise=F("amount_paise") + change)
        mine.filter(seq__gte=seq).update(balance_after_paise=F("balance_after_paise") + change)
        Account.objects.filter(pk=account_id).update(balance_paise=F("balance_paise") + change)


def _run() -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("check_ledger", stdout=out, stderr=out, no_color=True)
    except SystemExit as leave:
        return int(leave.code or 0), out.getvalue()
    return 0, out.getvalue()


def test_a_sound_ledger_leaves_with_zero() -> None:
    wallet_id(make_person("asha", paise=1000))
    assert _run() == (0, "2 accounts, 1 transfers, 2 entries: the ledger adds up\n")


def test_a_changed_amount_shows_with_its_difference(tamper: None) -> None:
    entry = Entry.objects.filter(amount_paise=20).get()
    Entry.objects.filter(pk=entry.pk).update(amount_paise=120)
    status, said = _run()
    assert status == 1
    assert "all entries add up to 100 paise" in said
    assert f"transfer {entry.transfer_id} of 20 paise: 2 entries that add up to 100" in said
    assert f"account {entry.account_id}" in said
    assert "(difference -100)" in said


def test_a_changed_balance_shows_with_its_difference(tamper: None) -> None:
    account = Account.objects.filter(kind="wallet").first()
    assert account is not None
    Account.objects.filter(pk=account.pk).update(balance_paise=account.balance_paise + 7)
    status, said = _run()
    assert status == 1
    assert "(difference 7)" in said


@pytest.mark.parametrize(
    "change",
    [
        lambda: Transfer.objects.filter(amount_paise=20).update(note="rent"),
        lambda: Transfer.objects.filter(amount_paise=20).update(key="other"),
        lambda: Entry.objects.filter(amount_paise=20).update(hash=b"x" * 32),
        lambda: Entry.objects.filter(amount_paise=20).update(balance_after_paise=5),
        lambda: _swap(*Entry.objects.filter(account__kind="wallet", amount_paise__in=(-10, -20)).order_by("seq")),
        lambda: Transfer.objects.filter(amount_paise=20).update(created_at=timezone.now()),
        lambda: _raise_both_sides(20, by=5),
        lambda: Entry.objects.filter(transfer__amount_paise=20)._raw_delete(using="default"),
        lambda: Entry.objects.filter(amount_paise=30)._raw_delete(using="default"),
        lambda: Account.objects.filter(entry_count=4).update(entry_count=5),
        lambda: Account.objects.filter(entry_count=4).update(last_hash=b"x" * 32),
    ],
)
def test_any_other_tampering_shows(tamper: None, change: object) -> None:
    assert check_ledger().faults == []
    change()  # type: ignore[operator]
    assert check_ledger().faults != []
