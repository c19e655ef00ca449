"""The register of calls, and what all of them use."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import User

from chat import queries
from chat.params import Params

Result = dict[str, Any]
Call = Callable[[User, Params], Result]

CALLS: dict[str, Call] = {}


def call(name: str) -> Callable[[Call], Call]:
    def register(function: Call) -> Call:
        CALLS[name] = function
        return function

    return register


def seat_of(user: User, params: Params) -> queries.Seat:
    """The seat in the room of the parameter `room`."""
    return queries.room_by_id(user, params.id("room"))
