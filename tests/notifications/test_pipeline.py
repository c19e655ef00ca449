"""Several statements in one round trip, and what becomes of the transaction when one of them fails."""

from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, OperationalError, connection

from payments.ledger import check_ledger, post_transfer, posting, wallet_id
from payments.ledger.rows import NewEntry
from tests.payments.factories import balance, make_person, order

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("prepare", [True, False])
def test_the_first_error_is_raised_and_the_connection_stays_usable(
    monkeypatch: pytest.MonkeyPatch, prepare: bool
) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("the protocol of PostgreSQL")
    from notifications.pipeline import BEGIN, ROLLBACK, is_idle, prepared, run_together

    connection.ensure_connection()
    server = connection.connection
    monkeypatch.setattr(server, "prepare_threshold", 3 if prepare else None)
    divide, seven = prepared("SELECT 1 / %(by)s::int, %(by)s::int"), prepared("SELECT 7")
    assert run_together(server, (divide, ["1"]), (seven, ())) == [[(1, 1)], [(7,)]]
    with pytest.raises(psycopg.errors.DivisionByZero):
        run_together(server, (BEGIN, ()), (divide, ["0"]), (seven, ()))
    assert not is_idle(server)
    run_together(server, (ROLLBACK, ()))
    assert is_idle(server)
    assert run_together(server, (seven, ()), (divide, ["1"])) == [[(7,)], [(1, 1)]]


def test_a_refused_batch_leaves_nothing_and_the_next_is_posted(monkeypatch: pytest.MonkeyPatch) -> None:
    asha, ravi = wallet_id(make_person("asha", paise=100)), wallet_id(make_person("ravi"))
    with monkeypatch.context() as wrong:

        def doubled(*values: Any) -> NewEntry:
            return NewEntry(*values[:3], 2 * values[3], *values[4:])

        wrong.setattr(posting, "NewEntry", doubled)
        with pytest.raises(IntegrityError):
            post_transfer(order(asha, ravi, 10))
    assert (balance(asha), balance(ravi)) == (100, 0)
    post_transfer(order(asha, ravi, 30))
    assert (balance(asha), balance(ravi)) == (70, 30)
    assert check_ledger().faults == []


def test_a_lost_connection_is_an_error_and_not_for_long() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no connection to lose")
    asha, ravi = wallet_id(make_person("asha", paise=100)), wallet_id(make_person("ravi"))
    with psycopg.connect(connection.connection.info.dsn, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])
    with pytest.raises(OperationalError):
        post_transfer(order(asha, ravi, 10))
    connection.close_if_unusable_or_obsolete()
    post_transfer(order(asha, ravi, 30))
    assert (balance(asha), balance(ravi)) == (70, 30)
