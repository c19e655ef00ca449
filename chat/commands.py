"""Slash commands: a registry, which config/ fills, so that chat knows neither the wallet nor the judge.

A message whose first word is a registered command (`/pay @ravi 100`) is not posted: the command is run, and says
what comes of it. A first word that looks like a command and is none is refused, so that a slip (`/pya @ravi 100`) is
not said to the room; `/usr/bin`, and whatever stands after a space, is a message like any other.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User

from chat.errors import UnknownCommand
from chat.services import Posted

_LOOKS_SO = re.compile(r"/([A-Za-z][\w-]*)(?=\s|$)")


@dataclass(frozen=True, slots=True)
class Invocation:
    """A command as someone gave it: who, in which room, and the rest of what they wrote."""

    user: User
    room_id: int
    argument: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What comes of a command: an address to go to, a text to post in its giver's name, or words for them alone.

    `then` is called with what was posted, in the same transaction: what it refuses is not posted either. A retry of
    what was posted before does not call it again.
    """

    go_to: str = ""
    post: str = ""
    say: str = ""
    then: Callable[[Posted], None] | None = None

    def as_dict(self) -> dict[str, Any]:
        return {key: value for key, value in (("go_to", self.go_to), ("say", self.say)) if value}


@dataclass(frozen=True, slots=True)
class Command:
    """`name` without its slash; `usage` and `summary` are shown to people. `run` raises AppErrors as refusals."""

    name: str
    usage: str
    summary: str
    run: Callable[[Invocation], Answer]


_commands: dict[str, Command] = {}


def register(command: Command) -> None:
    """Register a command. Raises ValueError where the name is taken."""
    if command.name in _commands:
        raise ValueError(f"the command /{command.name} is registered already")
    _commands[command.name] = command


def all_commands() -> list[Command]:
    return sorted(_commands.values(), key=lambda command: command.name)


def parse(body: str) -> tuple[Command, str] | None:
    """The command that a message gives and the rest of it; None where it gives none. Raises UnknownCommand."""
    found = _LOOKS_SO.match(body)
    if found is None:
        return None
    command = _commands.get(found[1].lower())
    if command is None:
        raise UnknownCommand(
            f"There is no command /{found[1][:30]}. Type / to see those there are; to say it, begin with a space."
        )
    return command, body[found.end() :].strip()
