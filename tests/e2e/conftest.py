"""The whole of `make run`, as a newcomer has it, walked through in a browser.

Twice: on SQLite with the embedded Redis, and on real servers named by DATABASE_URL and REDIS_URL.
"""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Page

from config import embedded_redis
from config.demo import PEOPLE
from tests.servers.browser import Browsers
from tests.servers.chowk_run import ChowkRun, copy_prepared, prepare, run_environment
from tests.servers.parts import find_program
from tests.servers.processes import ServerProcess
from tests.servers.web import WebServer, free_port

PASSWORDS = {person.username: person.password for person in PEOPLE}


class Square:
    """A running Chowk: where it is, and what it has sent."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self.run = ChowkRun(environment)
        self.url = f"http://localhost:{environment['PORT']}"

    def second_server(self) -> WebServer:
        """Another daphne on the same database and Redis."""
        server = WebServer(self.environment)
        server.wait_ready()
        return server

    def mailbox(self) -> str:
        """Every e-mail sent so far."""
        folder = Path(self.environment["VAR_DIR"]) / "mailbox"
        return "\n".join(path.read_text() for path in sorted(folder.glob("*")))


@pytest.fixture(scope="package", params=["embedded", "real servers"])
def square(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Square]:
    folder = tmp_path_factory.mktemp("square")
    redis_server = None
    environment = run_environment(folder / "var")
    if request.param == "real servers":
        cluster = request.getfixturevalue("postgres_cluster")
        database = f"square_{free_port()}"
        with psycopg.connect(cluster.url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {database}")
        port = free_port()
        command = [embedded_redis.find_server(), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
        redis_server = ServerProcess("real-redis", command)
        environment["DATABASE_URL"] = cluster.url.replace("/postgres?", f"/{database}?")
        environment["REDIS_URL"] = f"redis://127.0.0.1:{port}/0"
        done = prepare(environment)
        assert done.returncode == 0, done.stderr
    else:
        copy_prepared(folder / "var")
    running = Square(environment)
    running.run.wait_ready()
    yield running
    code = running.run.stop()
    if redis_server is not None:
        redis_server.stop()
    assert code == 143, running.run.output()[-2000:]


class Guests(Browsers):
    """Browsers whose people come in by the login page."""

    def enter(self, username: str, *, base_url: str = "", path: str = "/") -> Page:
        """A page of someone of the demo world, logged in by hand."""
        page = self.page(base_url=base_url)
        page.goto("/accounts/login/")
        page.fill("input[name=login]", username)
        page.fill("input[name=password]", PASSWORDS[username])
        page.press("input[name=password]", "Enter")
        page.wait_for_url(lambda url: "/login/" not in url)
        page.goto(path)
        return page


@pytest.fixture
def guests(square: Square) -> Iterator[Guests]:
    """Chromium on the running square; an unexpected console error fails the test."""
    executable = find_program("chromium", "chromium-browser", "google-chrome", package="chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browsers = Guests(playwright, executable, square.url)
        yield browsers
        browsers.close()
    assert browsers.errors() == []
