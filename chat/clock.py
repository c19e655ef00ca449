"""What chat does by the clock; each is quick and safe to run twice."""

from collections.abc import Callable
from datetime import timedelta

from chat.services.attachments import sweep_stray, sweep_unsent
from chat.services.digest import notify_rooms, send_digests

TASKS: list[tuple[timedelta, Callable[[], object]]] = [
    (timedelta(seconds=5), notify_rooms),
    (timedelta(minutes=1), send_digests),
    (timedelta(hours=1), sweep_unsent),
    (timedelta(minutes=5), sweep_stray),
]
