"""A small EventSource, enough to see each field that a browser would."""

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.models import User

from tests.notifications.live import cookie_of


class EventSource:
    """Reads one response of Server-Sent Events field by field."""

    def __init__(self, url: str, user: User | None, headers: dict[str, str] | None = None) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        self._connection.request("GET", path, headers={**(cookie_of(user) if user else {}), **(headers or {})})
        self._response = self._connection.getresponse()
        self.status = self._response.status
        self.headers = {name.lower(): value for name, value in self._response.getheaders()}
        self.event = self.last_id = ""
        self.retry_milliseconds = 0

    def __enter__(self) -> "EventSource":
        return self

    def __exit__(self, *_: object) -> None:
        self._response.close()
        self._connection.close()

    def wait_open(self) -> None:
        """Read the first block; what is appended after it is delivered."""
        while not self.retry_milliseconds:
            self._read_field()

    def next_data(self) -> Any:
        """The next event's data, parsed; `event` and `last_id` are then its name and id."""
        self.event, data = "message", []
        while True:
            name, value = self._read_field()
            if name == "data":
                data.append(value)
            elif name == "" and data:
                return json.loads("\n".join(data))

    def is_ended(self) -> bool:
        """Whether the server has ended the response; reads and drops what is left."""
        return self._response.readline() == b"" or self.is_ended()

    def _read_field(self) -> tuple[str, str]:
        line = self._response.readline()
        if line == b"":
            raise EOFError("the server ended the response")
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if name == "id":
            self.last_id = value
        elif name == "event":
            self.event = value
        elif name == "retry":
            self.retry_milliseconds = int(value)
        return name, value
