"""Transfers that come at once are posted together, each with its own result."""

import time

import pytest
from django.db import connection, transaction

from payments import errors
from payments.ledger import Posted, check_ledger, wallet_id
from payments.services import gathering
from tests.payments.factories import balance, make_person, order
from tests.payments.test_races import at_once


@pytest.mark.django_db(transaction=True)
def test_one_refused_transfer_does_not_fail_its_neighbours() -> None:
    asha, ravi = wallet_id(make_person("asha", paise=1_000)), wallet_id(make_person("ravi"))
    amounts = [10, 5_000, 0, 20] * 10
    outcomes = at_once(lambda i: gathering.settle_gathered(order(asha, ravi, amounts[i])), 40)
    found = [type(outcome) for outcome in outcomes]
    assert found == [Posted, errors.InsufficientFunds, errors.AmountTooSmall, Posted] * 10
    assert balance(ravi) == 300
    assert check_ledger().faults == []


@pytest.mark.django_db(transaction=True)
def test_a_busy_server_gathers_and_an_idle_one_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    asha, ravi = wallet_id(make_person("asha", paise=10_000)), wallet_id(make_person("ravi"))
    sizes: list[int] = []
    real = gathering._batcher._write

    def write(orders: list) -> list:
        sizes.append(len(orders))
        return real(orders)

    monkeypatch.setattr(gathering._batcher, "_write", write)
    gathering.settle_gathered(order(asha, ravi, 1))
    assert sizes == []
    at_once(lambda _: gathering.settle_gathered(order(asha, ravi, 1)), 60, threads=12)
    assert sum(sizes) > 20
    assert max(sizes) > 1
    assert balance(ravi) == 61


@pytest.mark.django_db(transaction=True)
def test_more_threads_than_pooled_connections_do_not_starve_the_one_that_posts() -> None:
    asha, ravi = wallet_id(make_person("asha", paise=10_000)), wallet_id(make_person("ravi"))

    def transfer(_: int) -> object:
        # As a request does: it has read something, so its thread holds a connection.
        balance(asha)
        return gathering.settle_gathered(order(asha, ravi, 1))

    started = time.monotonic()
    assert all(isinstance(outcome, Posted) for outcome in at_once(transfer, 60, threads=30))
    assert time.monotonic() - started < gathering.TIMEOUT_SECONDS
    assert balance(ravi) == 60


@pytest.mark.django_db(transaction=True)
def test_in_a_transaction_it_is_part_of_that_one() -> None:
    asha, ravi = wallet_id(make_person("asha", paise=10_000)), wallet_id(make_person("ravi"))
    with transaction.atomic():
        gathering.settle_gathered(order(asha, ravi, 1))
        transaction.set_rollback(True)
    assert balance(ravi) == 0
    assert not connection.in_atomic_block
