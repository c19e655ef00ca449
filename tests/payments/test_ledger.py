"""Posting sets of transfers: each rule, each outcome on its own."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from payments import errors
from payments.ledger import Limits, Posted, check_ledger, post_transfer, post_transfers, posting, system_id, wallet_id
from payments.ledger.chain import transfer_digest
from payments.models import Account, Entry, Transfer
from tests.payments.factories import balance, make_person, order

pytestmark = pytest.mark.django_db


@pytest.fixture
def asha() -> int:
    return wallet_id(make_person("asha", paise=1000))


@pytest.fixture
def ravi() -> int:
    return wallet_id(make_person("ravi"))


def test_a_transfer_leaves_two_entries_with_the_balances_after_it(asha: int, ravi: int) -> None:
    posted = post_transfer(order(asha, ravi, 300, note="chai"))
    assert (posted.payer_balance_paise, posted.payee_balance_paise, posted.is_replay) == (700, 300, False)
    transfer = Transfer.objects.get(pk=posted.transfer_id)
    assert (transfer.payer_id, transfer.payee_id, transfer.amount_paise, transfer.note) == (asha, ravi, 300, "chai")
    assert transfer.created_at == posted.at
    rows = Entry.objects.filter(transfer=transfer).order_by("amount_paise")
    assert [(e.account_id, e.seq, e.amount_paise, e.balance_after_paise) for e in rows] == [
        (asha, 2, -300, 700),
        (ravi, 1, 300, 300),
    ]
    assert (balance(asha), balance(ravi)) == (700, 300)
    assert check_ledger().faults == []


def test_each_of_a_set_has_its_own_outcome_in_order(asha: int, ravi: int) -> None:
    outcomes = post_transfers(
        [
            order(asha, ravi, 600),
            order(asha, ravi, 600),
            order(ravi, asha, 500),
            order(asha, ravi, 600),
            order(asha, asha, 1),
        ]
    )
    assert [type(outcome) for outcome in outcomes] == [
        Posted,
        errors.InsufficientFunds,
        Posted,
        Posted,
        errors.SelfTransfer,
    ]
    assert (balance(asha), balance(ravi)) == (300, 700)
    assert check_ledger().faults == []


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"amount_paise": 0}, errors.AmountTooSmall),
        ({"amount_paise": -5}, errors.AmountTooSmall),
        ({"amount_paise": 10**13 + 1}, errors.AmountTooLarge),
        ({"amount_paise": 1001}, errors.InsufficientFunds),
        ({"payee_id": 10**9}, errors.UnknownAccount),
        ({"payer_id": 10**9}, errors.UnknownAccount),
    ],
)
def test_what_cannot_be_is_refused_and_moves_nothing(asha: int, ravi: int, change: dict, error: type) -> None:
    with pytest.raises(error):
        post_transfer(replace(order(asha, ravi, 100), **change))
    assert (balance(asha), balance(ravi)) == (1000, 0)


@pytest.mark.parametrize("closed", ["asha", "ravi"])
def test_a_closed_account_neither_pays_nor_is_paid(ravi: int, closed: str) -> None:
    asha = wallet_id(make_person("asha"))
    Account.objects.filter(pk={"asha": asha, "ravi": ravi}[closed]).update(closed_at=timezone.now())
    with pytest.raises(errors.AccountClosed):
        post_transfer(order(asha, ravi, 1))


def test_only_the_bank_goes_below_zero(asha: int) -> None:
    post_transfer(order(system_id("bank"), asha, 50_000, kind="grant"))
    assert balance(system_id("bank")) == -51_000
    with pytest.raises(errors.InsufficientFunds):
        post_transfer(order(system_id("prizes"), asha, 1, kind="prize"))


def test_the_database_itself_refuses_an_overdraft(asha: int) -> None:
    with pytest.raises(IntegrityError, match="account_never_overdrawn"), transaction.atomic():
        Account.objects.filter(pk=asha).update(balance_paise=-1)


def test_the_same_key_and_body_answer_the_first_result(asha: int, ravi: int) -> None:
    request = order(asha, ravi, 300, key="k")
    first = post_transfer(request)
    post_transfer(order(asha, ravi, 100))
    again = post_transfer(request)
    assert again == replace(first, is_replay=True)
    assert balance(ravi) == 400


def test_the_same_key_twice_in_one_set_moves_once(asha: int, ravi: int) -> None:
    request = order(asha, ravi, 300, key="k")
    first, again = post_transfers([request, request])
    assert isinstance(first, Posted)
    assert again == replace(first, is_replay=True)
    assert balance(ravi) == 300


@pytest.mark.parametrize("change", [{"amount_paise": 301}, {"note": "x"}, {"kind": "grant"}, {"payee_id": 0}])
def test_the_same_key_with_another_body_is_refused(asha: int, ravi: int, change: dict[str, Any]) -> None:
    request = order(asha, ravi, 300, key="k")
    post_transfer(request)
    with pytest.raises(errors.KeyReused):
        post_transfer(replace(request, **({"payee_id": system_id("fees")} if "payee_id" in change else change)))
    assert balance(ravi) == 300


def test_the_same_key_of_two_payers_is_two_transfers(asha: int, ravi: int) -> None:
    post_transfer(order(asha, ravi, 300, key="k"))
    post_transfer(order(ravi, asha, 200, key="k"))
    assert balance(ravi) == 100


def test_a_refusal_is_not_remembered(asha: int, ravi: int) -> None:
    request = order(asha, ravi, 1500, key="k")
    with pytest.raises(errors.InsufficientFunds):
        post_transfer(request)
    post_transfer(order(system_id("bank"), asha, 1000, kind="grant"))
    assert not post_transfer(request).is_replay


def test_a_transfer_is_reversed_once(asha: int, ravi: int) -> None:
    first = post_transfer(order(asha, ravi, 300))
    back = order(ravi, asha, 300, kind="reversal", reverses_id=first.transfer_id)
    outcomes = post_transfers([back, replace(back, key="other")])
    assert [type(outcome) for outcome in outcomes] == [Posted, errors.AlreadyReversed]
    with pytest.raises(errors.AlreadyReversed):
        post_transfer(replace(back, key="third"))
    assert balance(asha) == 1000


LIMITS = Limits(transfer_paise=400, day_paise=500, month_paise=700)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets the ledger's time: the server's zone is five and a half hours ahead of UTC."""

    def set_to(month: int, day: int, hour: int = 6, minute: int = 0) -> None:
        monkeypatch.setattr(posting.timezone, "now", lambda: datetime(2026, month, day, hour, minute, tzinfo=UTC))

    return set_to


def test_limits_hold_for_a_transfer_a_day_and_a_month(asha: int, ravi: int, clock: Any) -> None:
    def send(paise: int) -> Any:
        (outcome,) = post_transfers([order(asha, ravi, paise, limits=LIMITS)])
        return outcome if isinstance(outcome, Posted) else outcome.details

    clock(5, 30)
    assert send(401) == {"period": "transfer", "limit_paise": 400, "left_paise": 400}
    assert isinstance(send(400), Posted)
    assert send(101) == {"period": "day", "limit_paise": 500, "left_paise": 100}
    clock(5, 30, 18, 29)
    assert send(101)["period"] == "day", "the day ends at midnight in the server's zone"
    clock(5, 30, 18, 30)
    assert isinstance(send(300), Posted)
    assert send(1) == {"period": "month", "limit_paise": 700, "left_paise": 0}
    clock(6, 1)
    assert isinstance(send(1), Posted)


def test_limits_count_only_what_is_sent_under_them(asha: int, ravi: int) -> None:
    post_transfer(order(asha, ravi, 400, kind="plan"))
    post_transfer(order(asha, ravi, 400, limits=LIMITS))
    assert balance(ravi) == 800


def test_a_whole_set_takes_a_handful_of_statements(asha: int, ravi: int, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(10):
        outcomes = post_transfers([order(asha, ravi, 1) for _ in range(100)])
    assert all(isinstance(outcome, Posted) for outcome in outcomes)


def test_ids_rise_with_time_and_are_version_7() -> None:
    ids = [posting._uuid7() for _ in range(50)]
    assert {(id_.version, id_.variant) for id_ in ids} == {(7, "specified in RFC 4122")}
    assert [id_.int >> 80 for id_ in ids] == sorted(id_.int >> 80 for id_ in ids)


def test_the_digest_tells_apart_texts_that_run_together() -> None:
    same = (UUID(int=7), 1, 1, 2, 3, "transfer")
    assert transfer_digest(*same, "ab", "c", None, None) != transfer_digest(*same, "a", "bc", None, None)
    assert transfer_digest(*same, "a", "b", None, None) != transfer_digest(*same, "a", "b", 5, None)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    moves=st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(-1, 400), st.sampled_from("abcdefgh")), max_size=40
    ),
    cuts=st.lists(st.integers(0, 40), max_size=3),
)
def test_any_sets_agree_with_a_plain_model(moves: list, cuts: list[int]) -> None:
    with transaction.atomic():
        wallets = [wallet_id(make_person(f"p{i}", paise=500)) for i in range(4)]
        plain, seen = [500] * 4, {}
        bounds = [0, *sorted(cuts), len(moves)]
        outcomes = [
            outcome
            for start, end in itertools.pairwise(bounds)
            for outcome in post_transfers(
                [order(wallets[a], wallets[b], paise, key=key) for a, b, paise, key in moves[start:end]]
            )
        ]
        for (a, b, paise, key), outcome in zip(moves, outcomes, strict=True):
            if (a, key) in seen:
                assert isinstance(outcome, Posted) == (seen[a, key] == (b, paise))
            elif a != b and 0 < paise <= plain[a]:
                plain[a] -= paise
                plain[b] += paise
                seen[a, key] = (b, paise)
                assert isinstance(outcome, Posted)
                assert (outcome.payer_balance_paise, outcome.payee_balance_paise) == (plain[a], plain[b])
            else:
                assert isinstance(outcome, errors.PaymentsError)
        assert [balance(wallet) for wallet in wallets] == plain
        assert check_ledger().faults == []
        transaction.set_rollback(True)


def test_a_wallet_is_opened_once(django_assert_num_queries: Any) -> None:
    user = make_person("asha")
    first = wallet_id(user)
    with django_assert_num_queries(1):
        assert wallet_id(user) == first
    assert Account.objects.filter(user=user).count() == 1
    with pytest.raises(ValueError, match="no system account"):
        system_id("petty cash")


@pytest.mark.parametrize(
    "note", ['"', "\\", '{"a",NULL}', "NULL", "%s %(at)s", "चाय ☕", "a\nb", "'; DROP TABLE payments_entry; --", " "]
)
def test_any_text_is_kept_as_it_is(asha: int, ravi: int, note: str) -> None:
    request = order(asha, ravi, 1, note=note, key=f"key:{note}")
    post_transfer(request)
    transfer = Transfer.objects.get(note=note)
    assert transfer.key == f"key:{note}"
    assert post_transfer(request).is_replay
    assert check_ledger().faults == []
