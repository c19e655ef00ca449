"""The clock: each task on time, none in the way of another, two clocks do no harm."""

import threading
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection

from config import clock as clock_module
from config.clock import Clock, Task, all_tasks
from tests.servers.processes import ServerProcess, wait_until
from tests.servers.redis import RedisServer

SHORT = timedelta(milliseconds=50)


def run_for(clock: Clock, condition: Callable[[], object]) -> None:
    clock.start()
    try:
        wait_until(condition)
    finally:
        clock.stop()


def test_a_task_runs_again_and_again() -> None:
    runs: list[int] = []
    run_for(Clock([Task("t", SHORT, lambda: runs.append(1))]), lambda: len(runs) >= 3)


def test_a_failing_task_runs_again_and_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    runs: list[str] = []

    def fail() -> None:
        runs.append("failing")
        raise RuntimeError("broken")

    tasks = [Task("failing", SHORT, fail), Task("sound", SHORT, lambda: runs.append("sound"))]
    run_for(Clock(tasks), lambda: runs.count("failing") >= 2 and runs.count("sound") >= 2)
    assert "the clock's task failing failed" in caplog.text


def test_a_slow_task_delays_no_other() -> None:
    release, runs = threading.Event(), []
    tasks = [Task("slow", SHORT, lambda: release.wait(10)), Task("quick", SHORT, lambda: runs.append(1))]
    run_for(Clock(tasks), lambda: len(runs) >= 3)
    release.set()


def test_of_two_clocks_one_takes_each_turn() -> None:
    runs: list[int] = []
    task = Task("shared", timedelta(minutes=1), lambda: runs.append(1))
    assert Clock([task]).run_turn(task)
    assert not Clock([task]).run_turn(task)
    assert runs == [1]


def test_without_redis_a_clock_runs_all_the_same(redis_server: RedisServer) -> None:
    runs: list[int] = []
    task = Task("lonely", timedelta(minutes=1), lambda: runs.append(1))
    clock = Clock([task])
    redis_server.kill()
    assert clock.run_turn(task)
    assert runs == [1]


@pytest.mark.django_db(transaction=True)
def test_a_turn_leaves_no_connection_open() -> None:
    task = Task("reader", timedelta(minutes=1), connection.ensure_connection)
    Clock([task]).run_turn(task)
    assert connection.connection is None


def test_tasks_come_from_the_apps_clock_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    def sweep() -> None: ...

    configs = [SimpleNamespace(name="shop", label="shop", module=None), SimpleNamespace(name="config", module=None)]
    monkeypatch.setattr(apps, "get_app_configs", lambda: configs)
    monkeypatch.setattr(clock_module, "module_has_submodule", lambda module, name: True)
    monkeypatch.setattr(clock_module, "import_module", lambda name: SimpleNamespace(TASKS=[(SHORT, sweep)]))
    assert all_tasks() == [Task("shop.sweep", SHORT, sweep)]


@pytest.mark.one_database
def test_the_command_stops_when_asked(clock: Callable[..., ServerProcess]) -> None:
    assert clock().stop(seconds=5) == 0
