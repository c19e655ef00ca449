"""A database that is away is told as 503, on every page and to every program; a fault of ours stays a 500."""

import sqlite3
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import InterfaceError, OperationalError, connection
from django.test import Client

from notifications.errors import is_unavailable
from payments.ledger import wallet_id
from tests.payments.callers import token_for
from tests.payments.factories import balance, make_person

pytestmark = pytest.mark.django_db

GONE = OperationalError("couldn't get a connection after 10.00 sec")


class Away:
    """Stands before the database: every statement that names the table fails, as if the server were gone."""

    def __init__(self, table: str, error: Exception) -> None:
        self._table = table
        self._error = error

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if self._table in sql:
            raise self._error
        return execute(sql, params, many, context)


@pytest.fixture
def asha() -> User:
    return make_person("asha", paise=10_000)


@pytest.fixture
def client(asha: User) -> Client:
    signed_in = Client(raise_request_exception=False)
    signed_in.force_login(asha)
    return signed_in


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("table", ["django_session", "payments_account"])
def test_a_page_says_try_again(client: Client, settings: Any, table: str, debug: bool) -> None:
    """Of the session's table the middleware asks, of the account's a view."""
    settings.DEBUG = debug
    with connection.execute_wrapper(Away(table, GONE)):
        response = client.get("/wallet/")
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert "Chowk cannot reach its database" in response.content.decode()
    assert client.get("/wallet/").status_code == 200


def test_a_program_gets_a_problem(client: Client, asha: User) -> None:
    ravi = make_person("ravi")
    body = {"recipient": "ravi", "amount_paise": 100}
    headers = {"Authorization": f"Bearer {token_for(asha)}", "Idempotency-Key": "k"}
    for table in ("oauth2_provider_accesstoken", "auth_user", "payments_account"):
        with connection.execute_wrapper(Away(table, GONE)):
            response = client.post("/api/transfers", body, "application/json", headers=headers)
        assert response.status_code == 503, table
        assert response.headers["Content-Type"] == "application/problem+json"
        assert (response.json()["code"], response.json()["status"]) == ("unavailable", 503)
        assert int(response.headers["Retry-After"]) > 0
    assert balance(wallet_id(ravi)) == 0
    assert client.post("/api/transfers", body, "application/json", headers=headers).status_code == 201
    assert balance(wallet_id(ravi)) == 100


def test_a_page_s_script_gets_json(client: Client) -> None:
    with connection.execute_wrapper(Away("django_session", GONE)):
        response = client.get("/numbers/", headers={"Accept": "application/json"})
    assert (response.status_code, response.json()["error"]["code"]) == (503, "unavailable")


def test_a_fault_of_ours_stays_one(client: Client, asha: User) -> None:
    with connection.execute_wrapper(Away("payments_account", ZeroDivisionError())):
        page = client.get("/wallet/")
        program = client.get("/api/wallet", headers={"Authorization": f"Bearer {token_for(asha)}"})
    assert page.status_code == program.status_code == 500
    assert "Retry-After" not in page.headers
    assert program.json()["code"] == "internal_error"
    assert program.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("code", "expected"),
    [(sqlite3.SQLITE_BUSY, True), (sqlite3.SQLITE_FULL, True), (sqlite3.SQLITE_ERROR, False)],
)
def test_what_sqlite_calls_operational_is_not_all_the_databases_fault(code: int, expected: bool) -> None:
    cause = sqlite3.OperationalError("no such table or locked")
    cause.sqlite_errorcode = code
    error = OperationalError(str(cause))
    error.__cause__ = cause
    assert is_unavailable(error) is expected
    assert is_unavailable(InterfaceError("the connection is closed"))
    assert not is_unavailable(None)
