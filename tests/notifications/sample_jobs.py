"""Jobs for the tests of the worker: they leave their marks in Redis."""

import os
import time

import django_rq
from django.contrib.auth.models import User

from notifications.workers import is_stopping


def leave_mark(mark: str) -> None:
    django_rq.get_connection("email").rpush("marks", f"{mark}:{os.getpid()}")


def ask_database(mark: str) -> None:
    leave_mark(f"{mark}-{User.objects.count()}")


def fail() -> None:
    raise RuntimeError("on purpose")


def work_until_stopped(seconds: float) -> None:
    leave_mark("begun")
    until = time.monotonic() + seconds
    while time.monotonic() < until and not is_stopping():
        time.sleep(0.02)
    leave_mark("handed back" if is_stopping() else "ended")
