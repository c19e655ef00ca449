"""What else one can do with the people of a room: a registry that config/ fills, by plain names."""

from collections.abc import Callable
from dataclasses import dataclass

MOST_PEOPLE = 20
"""Above so many others a room is a crowd, and has no tools for its people."""


@dataclass(frozen=True, slots=True)
class RoomOfPeople:
    """A room as a tool knows it: its name, and the usernames of the others in it."""

    name: str
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tool:
    """An entry in a room's menu: `icon` by its file's name; `url` answers where it leads."""

    label: str
    icon: str
    url: Callable[[RoomOfPeople], str]


_tools: list[Tool] = []


def register(tool: Tool) -> None:
    """Register a tool. Raises ValueError where its label is taken."""
    if any(tool.label == other.label for other in _tools):
        raise ValueError(f"the tool {tool.label!r} is registered already")
    _tools.append(tool)


def links(room: RoomOfPeople) -> list[tuple[Tool, str]]:
    """The tools for these people, each with its address."""
    return [(tool, tool.url(room)) for tool in _tools] if 0 < len(room.others) <= MOST_PEOPLE else []
