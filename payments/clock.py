"""What the clock does for the wallet."""

from collections.abc import Callable
from datetime import timedelta

from payments import services

TASKS: list[tuple[timedelta, Callable[[], object]]] = [
    (timedelta(minutes=5), services.renew_due),
    (timedelta(minutes=1), services.expire_holds),
]
