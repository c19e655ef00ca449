"""The parameters of a call, from JSON or from a form, each checked when it is taken."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from chat.errors import InvalidCall
from notifications.texts import is_storable

LARGEST_ID = 2**63 - 1


class Params:
    """Takes parameters by name; raises InvalidCall, naming the one that is missing or of the wrong form."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def has(self, name: str) -> bool:
        return self._values.get(name) not in (None, "")

    def whole(self, name: str, *, least: int = 0) -> int:
        value = self._values.get(name)
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
            value = int(value)
        if type(value) is not int or not least <= value <= LARGEST_ID:
            raise InvalidCall(f"{name} is a whole number from {least} on.", parameter=name)
        return value

    def id(self, name: str) -> int:
        return self.whole(name, least=1)

    def optional_id(self, name: str) -> int | None:
        return self.id(name) if self.has(name) else None

    def text(self, name: str, default: str | None = None) -> str:
        """A text that a database can hold and look for: without NUL and halves of characters."""
        value = self.body(name, default)
        if not is_storable(value):
            raise InvalidCall(f"{name} is a well-formed text without NUL characters.", parameter=name)
        return value

    def body(self, name: str, default: str | None = None) -> str:
        """The text of a message, whatever it holds: its own rules say what it may (chat/services/messages.py)."""
        value = self._values.get(name, default)
        if not isinstance(value, str):
            raise InvalidCall(f"{name} is a text.", parameter=name)
        return value

    def uuid(self, name: str) -> UUID:
        return self._uuid(self.text(name), name)

    def optional_uuid(self, name: str) -> UUID | None:
        return self.uuid(name) if self.has(name) else None

    def uuids(self, name: str) -> tuple[UUID, ...]:
        """A list of UUIDs; a form gives it as one text with commas."""
        value = self._values.get(name) or []
        if isinstance(value, str):
            value = [part for part in value.split(",") if part]
        if not isinstance(value, list) or len(value) > 100 or not all(isinstance(part, str) for part in value):
            raise InvalidCall(f"{name} is a list of UUIDs.", parameter=name)
        return tuple(self._uuid(part, name) for part in value)

    def names(self, name: str) -> list[str]:
        """A list of names; a form gives it as one text with commas or spaces."""
        value = self._values.get(name) or []
        if isinstance(value, str):
            value = value.replace(",", " ").split()
        if not isinstance(value, list) or len(value) > 100 or not all(isinstance(part, str) for part in value):
            raise InvalidCall(f"{name} is a list of names.", parameter=name)
        if not all(map(is_storable, value)):
            raise InvalidCall(f"{name} is a list of well-formed names without NUL characters.", parameter=name)
        return [part.strip().lstrip("@") for part in value if part.strip()]

    def flag(self, name: str, *, default: bool) -> bool:
        value = self._values.get(name, default)
        if isinstance(value, str) and value.lower() in ("1", "true", "on", "0", "false", "off", ""):
            return value.lower() in ("1", "true", "on")
        if not isinstance(value, bool):
            raise InvalidCall(f"{name} is true or false.", parameter=name)
        return value

    def day(self, name: str) -> date:
        try:
            return date.fromisoformat(self.text(name))
        except ValueError:
            raise InvalidCall(f"{name} is a day such as 2026-11-21.", parameter=name) from None

    @staticmethod
    def _uuid(text: str, name: str) -> UUID:
        try:
            return UUID(text)
        except ValueError:
            raise InvalidCall(f"{name} is a UUID.", parameter=name) from None
