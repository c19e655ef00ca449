"""The database itself refuses to change what the ledger holds."""

import uuid

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from payments.models import Account, Entry, Transfer


@pytest.fixture
def moved(db: None) -> Transfer:
    bank = Account.objects.create(kind="system", name="bank", may_overdraw=True)
    fees = Account.objects.create(kind="system", name="fees")
    now = timezone.now()
    transfer = Transfer.objects.create(
        id=uuid.uuid4(), kind="grant", payer=bank, payee=fees, amount_paise=5, key="k", created_at=now
    )
    Entry.objects.bulk_create(
        Entry(
            account=account, seq=1, transfer=transfer, amount_paise=a, balance_after_paise=a, created_at=now, hash=b"x"
        )
        for account, a in ((bank, -5), (fees, 5))
    )
    return transfer


@pytest.mark.parametrize("model", [Entry, Transfer])
def test_nothing_written_can_be_changed_or_deleted(moved: Transfer, model: type) -> None:
    rows = model._base_manager.all()
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        rows.update(amount_paise=7)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        rows._raw_delete(using="default")
    if connection.vendor == "postgresql":
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE {model._meta.db_table} CASCADE")
    assert rows.filter(pk=rows.first().pk).exists()


@pytest.mark.parametrize("paise", [3, -5, 5])
def test_entries_that_do_not_add_up_are_refused(moved: Transfer, paise: int) -> None:
    """An amount that is no side of the transfer, and a side for the second time."""
    with pytest.raises(IntegrityError, match="add up to zero"), transaction.atomic():
        Entry.objects.create(
            account=moved.payer,
            seq=2,
            transfer=moved,
            amount_paise=paise,
            balance_after_paise=-2,
            created_at=moved.created_at,
            hash=b"x",
        )


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"kind": "system", "name": "prizes", "balance_paise": -1}, "account_never_overdrawn"),
        ({"kind": "system", "name": ""}, "account_owner_fits_kind"),
        ({"kind": "wallet"}, "account_owner_fits_kind"),
        ({"kind": "hold", "name": "x", "may_overdraw": True}, "account_"),
    ],
)
def test_an_impossible_account_is_refused_by_name(db: None, fields: dict, name: str) -> None:
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        Account.objects.create(**fields)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_again", [1, 2])
def test_the_guards_stand_again_after_a_flush_of_the_tests(moved: Transfer, _again: int) -> None:
    with pytest.raises(IntegrityError, match="append-only"):
        Transfer.objects.update(note="x")


@pytest.mark.django_db(transaction=True)
def test_what_names_an_account_or_a_transfer_that_is_not_there_is_refused(moved: Transfer) -> None:
    unknown = moved.payee_id + 1000
    fields = {"amount_paise": 5, "created_at": moved.created_at}
    with pytest.raises(IntegrityError):
        Transfer.objects.create(id=uuid.uuid4(), kind="grant", payer_id=unknown, payee_id=moved.payee_id, **fields)
    with pytest.raises(IntegrityError):
        Transfer.objects.create(id=uuid.uuid4(), kind="grant", payer_id=moved.payee_id, payee_id=unknown, **fields)
    entry = Entry(account_id=moved.payee_id, seq=2, balance_after_paise=5, hash=b"x", **fields)
    entry.transfer_id = uuid.uuid4()
    with pytest.raises(IntegrityError):
        entry.save(force_insert=True)
    entry.transfer, entry.account_id = moved, unknown
    with pytest.raises(IntegrityError):
        entry.save(force_insert=True)
    assert (Transfer.objects.count(), Entry.objects.count()) == (1, 2)


@pytest.mark.django_db(transaction=True)
def test_an_account_with_transfers_cannot_go_away(moved: Transfer) -> None:
    with pytest.raises(IntegrityError):
        Account.objects.filter(pk=moved.payee_id)._raw_delete(using="default")
    with pytest.raises(IntegrityError), connection.cursor() as cursor:
        cursor.execute("UPDATE payments_account SET id = id + 1000 WHERE id = %s", [moved.payee_id])
    assert Account.objects.filter(pk=moved.payee_id).exists()
