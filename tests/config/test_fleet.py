"""`make fleet`: three regions on one machine, and people who notice nothing when one dies."""

import json
import os
import signal
import socket
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis
from playwright.sync_api import Page, expect, sync_playwright

from config import fleet
from tests.servers.browser import ARGUMENTS
from tests.servers.chowk_run import ChowkRun, copy_prepared, run_environment
from tests.servers.parts import find_program
from tests.servers.processes import wait_until

pytestmark = pytest.mark.one_database


def free_ports() -> fleet.Ports:
    """A run of ports that no one listens on."""
    for home in range(20_000 + os.getpid() % 400 * 20, 32_000, 20):  # below the ports that connections take
        ports = fleet.Ports(home)
        if not any(fleet.is_taken(port) for port in ports.all()):
            return ports
    raise AssertionError("no free ports")


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[ChowkRun, fleet.Ports]]:
    find_program("nginx", package="nginx")
    ports = free_ports()
    environment = run_environment(tmp_path / "var", PORT=str(ports.home))
    copy_prepared(tmp_path / "var")
    started = ChowkRun(environment, program="config.fleet")
    started.wait_until(lambda: "Chowk runs on" in started.output(), seconds=90)
    yield started, ports
    left = started.programs() if started.is_running() else []
    started.stop()
    for process in left:
        if process.is_running():
            process.kill()


def server_of(run: ChowkRun, port: int) -> psutil.Process:
    """The web server that listens on the port."""
    for process in run.programs():
        if any(c.status == psutil.CONN_LISTEN and c.laddr.port == port for c in process.net_connections("tcp")):
            return process
    raise AssertionError(f"no one listens on {port}")


def ask(port: int, path: str) -> Any:
    with urllib.request.urlopen(f"http://localhost:{port}{path}", timeout=10) as answer:
        return json.loads(answer.read())


def say(page: Page, text: str) -> None:
    page.fill("#body", text)
    page.press("#body", "Enter")


def region_of(page: Page) -> str:
    page.wait_for_selector("#room[data-connection=connected]", timeout=30_000)
    return str(page.evaluate("import('/static/notifications/live.js').then(({ live }) => live.region)"))


def connect_to(page: Page, ports: fleet.Ports, region: str, room: str) -> None:
    """Open the room as someone to whom this region is the nearest, as if measured."""
    order = sorted(fleet.REGIONS, key=lambda name: name != region)
    known = {"bases": [f"http://localhost:{ports.front(name)}" for name in order], "at": int(time.time() * 1000)}
    page.evaluate("known => sessionStorage.setItem('chowk.regions', JSON.stringify(known))", known)
    page.goto(room)
    assert region_of(page) == region


def test_a_fleet_of_three_regions_is_one_square(running: tuple[ChowkRun, fleet.Ports]) -> None:
    run, ports = running
    listed = {region["name"]: region["url"] for region in ask(ports.home, "/regions")["regions"]}
    assert listed == {name: f"http://localhost:{ports.front(name)}" for name in fleet.REGIONS}
    for region in fleet.REGIONS:
        assert ask(ports.front(region), "/readyz")["region"] == region
    executable = find_program("chromium", "chromium-browser", "google-chrome", package="chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        pages: list[Page] = []
        for name in ("asha", "ravi"):
            page = browser.new_context(base_url=f"http://localhost:{ports.home}").new_page()
            page.goto("/accounts/login/")
            page.click(f"[data-log-in-as={name}]")
            page.wait_for_selector("[data-connection][data-state=connected]")
            pages.append(page)
        hers, his = pages
        room = "/rooms/square/"
        connect_to(hers, ports, "in", room)
        connect_to(his, ports, "us", room)
        before = len(numbers(hers))
        talk(pages, range(4))
        seen(pages, before + 8)
        server_of(run, ports.server("in")).kill()
        talk(pages, range(4, 8))
        seen(pages, before + 16)
        assert region_of(hers) != "in"
        # A replica that restarts costs its region no more than a moment.
        replica(run, ports, "us").kill()
        talk(pages, range(8, 10))
        seen(pages, before + 20)
        said = [text.strip() for text in hers.locator("#timeline .msg__body").all_inner_texts()][before:]
        for name in ("asha", "ravi"):
            assert [text for text in said if text.startswith(name)] == [f"{name} says {i}" for i in range(10)]
        assert [text.strip() for text in his.locator("#timeline .msg__body").all_inner_texts()][-20:] == said
        browser.close()
    wait_until(lambda: fleet.is_taken(ports.server("in")), what="the killed server's return")
    programs = run.programs()
    run.popen.send_signal(signal.SIGINT)
    assert run.popen.wait(timeout=20) == 0
    assert psutil.wait_procs(programs, timeout=10)[1] == []


def numbers(page: Page) -> list[int]:
    return list(
        page.eval_on_selector_all("#timeline .msg[data-number]", "rows => rows.map(r => Number(r.dataset.number))")
    )


def talk(pages: list[Page], turns: range) -> None:
    for turn in turns:
        for page, name in zip(pages, ("asha", "ravi"), strict=True):
            say(page, f"{name} says {turn}")


def seen(pages: list[Page], count: int) -> None:
    """Both see so many messages, each once and in the same order."""
    for page in pages:
        expect(page.locator("#timeline .msg[data-number]")).to_have_count(count, timeout=45_000)
        expect(page.locator(".msg--waiting")).to_have_count(0, timeout=45_000)
    assert numbers(pages[0]) == numbers(pages[1]) == sorted(set(numbers(pages[0])))


def replica(run: ChowkRun, ports: fleet.Ports, region: str) -> psutil.Process:
    return server_of(run, ports.redis_replica(region))


def test_a_taken_port_is_told_with_its_fix(tmp_path: Path) -> None:
    ports = free_ports()
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", ports.front("us")))
        taken.listen()
        run = ChowkRun(run_environment(tmp_path / "var", PORT=str(ports.home)), program="config.fleet")
        assert run.popen.wait(timeout=60) == 1
    assert f"Port {ports.front('us')} is taken. Fix: " in run.output()


def test_only_the_owner_reads_the_password(tmp_path: Path) -> None:
    path = fleet.write(tmp_path / "redis.conf", "requirepass x")
    assert path.stat().st_mode & 0o777 == 0o600
    assert redis.Redis.from_url(fleet.redis_url(1, "a-b_c")).connection_pool.connection_kwargs["password"] == "a-b_c"
