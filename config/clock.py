"""The clock: runs what every app's `clock.TASKS` asks for, each task in a thread of its own."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module

import redis
from django.apps import apps
from django.conf import settings
from django.db import connections
from django.utils.module_loading import module_has_submodule

logger = logging.getLogger(__name__)

TURN_SHARE = 0.9
"""How much of its interval a task's turn stays taken, so that the next turn is free when it is due."""


@dataclass(frozen=True, slots=True)
class Task:
    """Something to do again and again; safe to do twice."""

    name: str
    interval: timedelta
    run: Callable[[], object]


def all_tasks() -> list[Task]:
    """The tasks of every installed app that has a `clock` module."""
    found = []
    for config in apps.get_app_configs():
        if config.name == "config" or not module_has_submodule(config.module, "clock"):
            continue
        module = import_module(f"{config.name}.clock")
        for interval, run in getattr(module, "TASKS", []):
            found.append(Task(f"{config.label}.{run.__name__}", interval, run))
    return found


class Clock:
    """Runs tasks until it is stopped. Of several clocks on one Redis, one takes each turn."""

    def __init__(self, tasks: list[Task]) -> None:
        self._tasks = tasks
        self._stop = threading.Event()
        self._redis = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)

    def start(self) -> list[threading.Thread]:
        """Start a thread for each task; its first turn is now."""
        threads = [
            threading.Thread(target=self._loop, args=[task], name=task.name, daemon=True) for task in self._tasks
        ]
        for thread in threads:
            thread.start()
        return threads

    def stop(self) -> None:
        """Begin no further turn."""
        self._stop.set()

    def wait(self) -> None:
        """Block until the clock is stopped."""
        self._stop.wait()

    def run_turn(self, task: Task) -> bool:
        """Run the task unless another clock has taken this turn; a failure is logged and waits for the next one."""
        if not self._take_turn(task):
            return False
        try:
            task.run()
        except Exception:
            logger.exception("the clock's task %s failed; it runs again in %s", task.name, task.interval)
        finally:
            connections.close_all()
        return True

    def _loop(self, task: Task) -> None:
        while not self._stop.is_set():
            self.run_turn(task)
            self._stop.wait(task.interval.total_seconds())

    def _take_turn(self, task: Task) -> bool:
        milliseconds = max(1, int(task.interval.total_seconds() * 1000 * TURN_SHARE))
        try:
            return bool(self._redis.set(f"clock:{task.name}", 1, nx=True, px=milliseconds))
        except redis.RedisError:
            # The turn only saves work: without Redis every clock runs every task.
            return True
