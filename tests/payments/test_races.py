"""Many at once: nothing is lost, nothing is made, nobody waits for each other in a circle."""

import itertools
import random
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections
from django.db.models import Min, Sum

from payments import errors, services
from payments.ledger import Posted, check_ledger, post_transfer, post_transfers, wallet_id
from payments.models import Account, Subscription, Transfer
from tests.payments.callers import Caller, token_for
from tests.payments.factories import balance, make_person, order

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(work: Callable[[int], Any], count: int, *, threads: int = 8) -> list[Any]:
    """The results of work(0) … work(count - 1), run by that many threads; a refusal is a result too."""
    numbers, results = iter(range(count)), [None] * count
    turn = threading.Lock()

    def run() -> None:
        try:
            while True:
                with turn:
                    number = next(numbers, None)
                if number is None:
                    return
                try:
                    results[number] = work(number)
                except Exception as error:
                    results[number] = error
        finally:
            connections.close_all()

    workers = [threading.Thread(target=run) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    unexpected = [result for result in results if isinstance(result, Exception)]
    assert [error for error in unexpected if not isinstance(error, errors.PaymentsError)] == []
    return results


def test_the_bank_test_of_a_thousand_random_transfers_among_ten_accounts() -> None:
    """Jepsen's bank test: at every read the sum is constant and no balance is below zero; no deadlock surfaces."""
    wallets = [wallet_id(make_person(f"p{i}", paise=1_000)) for i in range(10)]
    reads: list[tuple[int, int]] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            row = Account.objects.filter(pk__in=wallets).aggregate(
                all=Sum("balance_paise"), least=Min("balance_paise")
            )
            reads.append((row["all"], row["least"]))
            time.sleep(0.005)
        connections.close_all()

    def move(number: int) -> Any:
        dice = random.Random(number)
        orders = [order(*dice.sample(wallets, 2), dice.randint(1, 400)) for _ in range(dice.choice((1, 1, 2, 4)))]
        return post_transfers(orders)

    reader = threading.Thread(target=read)
    reader.start()
    outcomes: list[Any] = []
    try:
        for result in at_once(move, 600):
            outcomes.extend(result)
    finally:
        done.set()
        reader.join()
    assert len(outcomes) >= 1_000
    assert {type(outcome) for outcome in outcomes} == {Posted, errors.InsufficientFunds}
    assert {total for total, _ in reads} == {10_000}
    assert min(least for _, least in reads) >= 0
    assert check_ledger().faults == []


def test_there_and_back_at_once_never_deadlocks() -> None:
    asha, ravi = (wallet_id(make_person(name, paise=100_000)) for name in ("asha", "ravi"))
    outcomes = at_once(lambda i: post_transfer(order(*((asha, ravi) if i % 2 else (ravi, asha)), 1)), 200)
    assert all(isinstance(outcome, Posted) for outcome in outcomes)
    assert (balance(asha), balance(ravi)) == (100_000, 100_000)


def test_two_at_once_with_one_key_make_one_transfer() -> None:
    asha, ravi = make_person("asha", paise=10_000), make_person("ravi")
    outcomes = at_once(lambda _: services.send_money(payer=asha, payee=ravi, amount_paise=100, key="k"), 8)
    assert len({outcome.transfer_id for outcome in outcomes}) == 1
    assert sorted(outcome.is_replay for outcome in outcomes) == [False] + [True] * 7
    assert balance(wallet_id(ravi)) == 100


def test_two_calls_at_once_with_one_key_are_one_transfer() -> None:
    api = Caller(token_for(make_person("asha", paise=10_000)))
    make_person("ravi")
    answers = at_once(lambda _: api.post("/transfers", {"recipient": "ravi", "amount_paise": 100}), 8)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    other = at_once(lambda i: api.post("/transfers", {"recipient": "ravi", "amount_paise": 200 + i}, key="l"), 4)
    assert sorted(answer.status_code for answer in other) == [201, 422, 422, 422]
    assert Transfer.objects.filter(kind="transfer").count() == 2


def test_the_last_money_is_spent_once() -> None:
    asha = wallet_id(make_person("asha", paise=100))
    others = [wallet_id(make_person(f"p{i}")) for i in range(8)]
    outcomes = at_once(lambda i: post_transfer(order(asha, others[i], 100)), 8)
    assert sum(isinstance(outcome, Posted) for outcome in outcomes) == 1
    assert balance(asha) == 0


def test_a_wallet_opened_by_many_at_once_is_one() -> None:
    user = make_person("asha")
    assert len(set(at_once(lambda _: wallet_id(user), 8))) == 1


def test_a_draft_confirmed_by_two_at_once_moves_once() -> None:
    asha, ravi = make_person("asha", paise=10_000), make_person("ravi")
    draft = services.draft_transfer(payer=asha, payee=ravi, amount_paise=100, key="k")
    outcomes = at_once(lambda _: services.confirm_draft(payer=asha, draft_id=draft.pk), 4)
    assert len({outcome.transfer_id for outcome in outcomes}) == 1
    assert balance(wallet_id(ravi)) == 100


def test_a_reversal_by_two_at_once_happens_once() -> None:
    asha, ravi = (wallet_id(make_person(name, paise=1_000)) for name in ("asha", "ravi"))
    first = post_transfer(order(asha, ravi, 100))
    back = [order(ravi, asha, 100, kind="reversal", reverses_id=first.transfer_id) for _ in range(4)]
    outcomes = at_once(lambda i: post_transfer(back[i]), 4)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["AlreadyReversed"] * 3 + ["Posted"]


def test_premium_bought_by_two_clicks_at_once_is_paid_once() -> None:
    asha = make_person("asha", paise=100_000)
    at_once(lambda _: services.subscribe(user=asha), 4)
    assert Transfer.objects.filter(kind="plan").count() == 1
    assert Subscription.objects.count() == 1


def test_a_set_locks_in_one_order_whatever_its_own() -> None:
    wallets = [wallet_id(make_person(f"p{i}", paise=100_000)) for i in range(6)]

    def ring(number: int) -> Any:
        turn = wallets if number % 2 else wallets[::-1]
        return post_transfers([order(a, b, 1) for a, b in itertools.pairwise(turn)])

    outcomes = [outcome for outcomes in at_once(ring, 60) for outcome in outcomes]
    assert all(isinstance(outcome, Posted) for outcome in outcomes)
    assert check_ledger().faults == []
