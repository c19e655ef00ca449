"""Who watches a room, in this process."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from channels.layers import InMemoryChannelLayer

from chat import presence
from chat.errors import RoomNotFound


class Socket:
    """One whose right to see the room is looked up while `meanwhile` happens."""

    user = SimpleNamespace(pk=1, get_username=lambda: "asha")

    def __init__(self, meanwhile: Any = None) -> None:
        self.meanwhile = meanwhile

    async def in_thread(self, look: Any, user: Any, room_id: int) -> None:
        if self.meanwhile:
            self.meanwhile(self)


def test_a_right_that_is_taken_away_while_it_is_looked_up_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "get_channel_layer", InMemoryChannelLayer)

    async def scenario() -> None:
        watchers: Any = presence.Watchers()
        for banned in (lambda socket: watchers.forget(socket, 7), lambda socket: watchers.forget(socket)):
            with pytest.raises(RoomNotFound):
                await watchers.watch(Socket(banned), 7)
        assert await watchers.watch(Socket(), 7) == [{"user_id": 1, "user": "asha"}]
        assert await watchers.watch(Socket(lambda socket: watchers.forget(socket, 8)), 7)
        assert await watchers.watch(Socket(lambda _: watchers.forget(Socket(), 7)), 7)
        for task in watchers._tasks:
            task.cancel()

    asyncio.run(scenario())
