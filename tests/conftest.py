"""Fixtures of the whole suite. The servers behind them are in tests/servers/."""

import contextlib
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.servers.browser import Browsers
from tests.servers.parts import find_program
from tests.servers.postgres import PostgresCluster
from tests.servers.processes import PROJECT_DIR, ServerProcess, child_environment, wait_until
from tests.servers.redis import RedisServer
from tests.servers.web import WebServer, start_servers
from tests.settings import OWN_POSTGRES, SECOND_DATABASE, TEST_DATABASE, TEST_DIR

pytest_plugins = ["tests.ledger_flush", "tests.sharing_out"]


def pytest_report_header() -> str:
    return f"database: {TEST_DATABASE}; folder: {TEST_DIR}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not SECOND_DATABASE:
        return
    again = [item for item in items if _depends_on_database(item)]
    config.hook.pytest_deselected(items=[item for item in items if not _depends_on_database(item)])
    items[:] = again


def _depends_on_database(item: pytest.Item) -> bool:
    if item.get_closest_marker("one_database"):
        return False
    fixtures = set(getattr(item, "fixturenames", []))
    return item.get_closest_marker("django_db") is not None or not fixtures.isdisjoint({"db", "transactional_db"})


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if exitstatus == 0:
        shutil.rmtree(TEST_DIR, ignore_errors=True)


# --- Servers that stand for the whole run ------------------------------------------------------------------


@pytest.fixture(scope="session")
def _redis_of_the_run() -> Iterator[RedisServer]:
    server = RedisServer()
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[PostgresCluster]:
    """A private PostgreSQL cluster (`.url`), started and stopped by the suite."""
    cluster = PostgresCluster()
    cluster.start()
    yield cluster
    cluster.stop()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(request: pytest.FixtureRequest) -> None:
    """Bring up the cluster before the test database is made in it."""
    if OWN_POSTGRES:
        request.getfixturevalue("postgres_cluster")


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """What stands in the run's own folder goes with it, so it need not be dropped."""
    return TEST_DATABASE == "sqlite" or OWN_POSTGRES


@pytest.fixture(scope="session")
def _daphne_of_the_run(django_db_setup: None) -> Iterator[list[WebServer]]:
    # Made after the test database and so ended before it, when no connection may be open.
    servers: list[WebServer] = []
    yield servers
    for server in servers:
        server.kill()


@pytest.fixture(autouse=True)
def _nobody_has_called_before() -> None:
    """allauth counts sign-ins and the like in the process's cache."""
    from django.core.cache import cache

    cache.clear()


@pytest.fixture(autouse=True)
def _revocations_go_on(request: pytest.FixtureRequest) -> Iterator[None]:
    """The shared daphne follows the log of revocations. It is emptied after each test that commits, but what comes
    next must have numbers that no server has heard of.
    """
    marker = request.node.get_closest_marker("django_db")
    commits = marker is not None and marker.kwargs.get("transaction", False)
    if not commits and "transactional_db" not in request.fixturenames:
        yield
        return
    request.getfixturevalue("transactional_db")
    from django.db import DatabaseError

    from notifications.models import Stream

    if _revocations:
        Stream.objects.update_or_create(
            name="control", defaults={"last_seq": _revocations[-1], "trimmed_seq": _revocations[-1]}
        )
    yield
    with contextlib.suppress(DatabaseError):  # which a test may have taken away
        _revocations.extend(Stream.objects.filter(name="control").values_list("last_seq", flat=True))


_revocations: list[int] = []


# --- What every test must leave as it was ------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _connections_come_back() -> Iterator[None]:
    """A thread that a test starts gives its database connection back; the tests' own thread keeps its one."""
    yield
    if TEST_DATABASE == "postgresql":
        from config.postgresql.base import borrowers

        # Threads that serve on, such as a batcher's, answer a moment before they let go.
        with contextlib.suppress(AssertionError):
            wait_until(lambda: set(borrowers()) <= {threading.main_thread()}, seconds=5)
        left = {thread.name for thread in borrowers() if thread is not threading.main_thread()}
        assert not left, f"connections were not closed by the threads {left}"


# --- What a test asks for ----------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def redis_server(_redis_of_the_run: RedisServer) -> RedisServer:
    """The real Redis of the settings, empty: `.client`, `.kill()`, `.start()`, `.restart()`, `.lose_everything()`."""
    _redis_of_the_run.clean()
    return _redis_of_the_run


@pytest.fixture
def daphne(transactional_db: None, redis_server: RedisServer, _daphne_of_the_run: list[WebServer]) -> WebServer:
    """A real daphne on the test database: `.url`, `.ws_url`. It is shared, so a test that kills it makes its own."""
    _daphne_of_the_run[:] = [server for server in _daphne_of_the_run if server.is_running()]
    if not _daphne_of_the_run:
        _daphne_of_the_run.extend(start_servers())
    [server] = _daphne_of_the_run
    return server


@pytest.fixture
def live_server_factory(transactional_db: None, redis_server: RedisServer) -> Iterator[Callable[..., list[WebServer]]]:
    """`live_server_factory(2, DEBUG="0")`: so many daphne processes of the test's own, with that environment."""
    started: list[WebServer] = []

    def start(count: int = 1, **environment: str) -> list[WebServer]:
        servers = start_servers(count, **environment)
        started.extend(servers)
        return servers

    yield start
    for server in started:
        server.kill()


@pytest.fixture
def start_command(transactional_db: None, redis_server: RedisServer) -> Iterator[Callable[..., ServerProcess]]:
    """`start_command("rqworker", "email")`: a management command as a process on the test database."""
    started: list[ServerProcess] = []

    def start(command: str, *arguments: str, **environment: str) -> ServerProcess:
        process = ServerProcess(
            command,
            [sys.executable, PROJECT_DIR / "manage.py", command, *arguments],
            environment=child_environment(**environment),
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()  # how they end when asked has tests of its own, and takes seconds


@pytest.fixture
def worker(start_command: Callable[..., ServerProcess]) -> Callable[..., ServerProcess]:
    """`worker("email", "sms")`: a real RQ worker for those queues, listening when this returns."""

    def start(*queues: str, **environment: str) -> ServerProcess:
        process = start_command("rqworker", *queues, **environment)
        process.wait_until(lambda: "Listening on" in process.output())
        return process

    return start


@pytest.fixture
def clock(start_command: Callable[..., ServerProcess]) -> Callable[..., ServerProcess]:
    """`clock()`: the clock as a process, running when this returns."""

    def start(**environment: str) -> ServerProcess:
        process = start_command("clock", **environment)
        process.wait_until(lambda: "The clock runs" in process.output())
        return process

    return start


@pytest.fixture
def browser(daphne: WebServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Browsers]:
    """Chromium on `daphne`: `.page(user)` opens one for each person. An unexpected console error fails the test."""
    executable = find_program("chromium", "chromium-browser", "google-chrome", package="chromium")
    from playwright.sync_api import sync_playwright

    # Playwright keeps an event loop in this thread, in which Django would otherwise refuse to use the database.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with sync_playwright() as playwright:
        browsers = Browsers(playwright, executable, daphne.url)
        yield browsers
        browsers.close()
    assert browsers.errors() == []


@pytest.fixture
def page(browser: Browsers) -> Any:
    """A page of someone who is not signed in."""
    return browser.page()
