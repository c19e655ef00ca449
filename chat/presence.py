"""Who is here and who is typing, over the fleet: nothing of it is stored, all of it expires.

Each server process tells the channel layer every few seconds who watches which room; each listens, forgets whom it
has not heard of for a while, and tells its own sockets what changed. A killed process's people are gone by themselves.
"""

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from channels.layers import get_channel_layer

from chat.errors import NotAllowed, RoomNotFound
from chat.queries import room_by_id
from chat.roles import Action

if TYPE_CHECKING:
    from chat.consumers import ChatConsumer

logger = logging.getLogger(__name__)

GROUP = "chat.presence"
HEARTBEAT_SECONDS = 10.0
TOLD_EVERY_SECONDS = 1.0
"""How often a change is told at most: 500 people who come at once are told of once, not 500 times."""
GONE_AFTER_SECONDS = 25.0
"""Two heartbeats lost and a little more."""
TYPING_SECONDS = 6
TYPING_AGAIN_SECONDS = 2.0
"""How often one person's typing is passed on at most."""
SHOWN_PEOPLE = 200
"""People that a room's list of who is online names at most."""


class Watchers:
    """The rooms that this process's sockets show, and whom other processes have in them."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._layer = get_channel_layer()
        self._name = uuid4().hex
        self._sockets: dict[int, set[ChatConsumer]] = {}
        self._looking: dict[object, tuple[ChatConsumer, int]] = {}
        """Who is about to watch a room, while it is seen whether they may."""
        self._typed_at: dict[tuple[int, int], float] = {}
        self._elsewhere: dict[str, tuple[float, dict[int, dict[int, str]]]] = {}
        self._shown: dict[int, dict[int, str]] = {}
        self._changed: set[int] = set()
        self._is_news = False
        self._tasks = {self.loop.create_task(self._listen()), self.loop.create_task(self._tell_forever())}

    async def watch(self, socket: "ChatConsumer", room_id: int) -> list[dict[str, Any]]:
        """Show a room on a socket; answers who is online there. Raises RoomNotFound or Banned."""
        look = object()
        self._looking[look] = (socket, room_id)
        try:
            await socket.in_thread(room_by_id, socket.user, room_id)
        finally:
            was_forgotten = self._looking.pop(look, None) is None
        if was_forgotten:
            raise RoomNotFound()
        self._sockets.setdefault(room_id, set()).add(socket)
        self._changed.add(room_id)
        self._is_news = True
        return _people(self._online(room_id))

    async def type(self, socket: "ChatConsumer", room_id: int) -> None:
        """Tell the room that someone is typing. Raises NotAllowed where they may not write."""
        key = (room_id, socket.user.pk)
        now = time.monotonic()
        if now - self._typed_at.get(key, 0) < TYPING_AGAIN_SECONDS:
            return
        if socket not in self._sockets.get(room_id, ()):
            raise NotAllowed("Watch the room before you type in it.")
        self._typed_at[key] = now
        seat = await socket.in_thread(room_by_id, socket.user, room_id)
        seat.require(Action.POST)
        await self._send({"type": "typing", "room": room_id, "user": socket.user.pk, "name": seat.user.get_username()})

    def forget(self, socket: "ChatConsumer", room_id: int | None = None) -> None:
        """The socket is gone, or may no longer see the room."""
        for look, (who, room) in list(self._looking.items()):
            if who is socket and room_id in (None, room):
                del self._looking[look]
        rooms = [room_id] if room_id is not None else [room for room, all_ in self._sockets.items() if socket in all_]
        for room in rooms:
            sockets = self._sockets.get(room, set())
            sockets.discard(socket)
            self._changed.add(room)
            self._is_news = True
            if not sockets:
                self._sockets.pop(room, None)
                self._shown.pop(room, None)

    def _here(self) -> dict[str, Any]:
        rooms = {
            str(room): {str(socket.user.pk): socket.user.get_username() for socket in sockets}
            for room, sockets in self._sockets.items()
        }
        return {"type": "here", "process": self._name, "rooms": rooms}

    async def _send(self, message: dict[str, Any]) -> None:
        try:
            await self._layer.group_send(GROUP, message)
        except Exception as error:  # presence is a courtesy: without Redis there is none
            logger.warning("chat: presence is not told (%s)", error)

    async def _tell_forever(self) -> None:
        """Tell the other processes who is here, and this one's sockets who came and went."""
        beaten_at = 0.0
        while True:
            await asyncio.sleep(TOLD_EVERY_SECONDS)
            now = time.monotonic()
            if self._is_news or (self._sockets and now - beaten_at > HEARTBEAT_SECONDS):
                self._is_news, beaten_at = False, now
                await self._send(self._here())
            for name, (heard_at, rooms) in list(self._elsewhere.items()):
                if now - heard_at > GONE_AFTER_SECONDS:
                    del self._elsewhere[name]
                    self._changed.update(rooms)
            self._typed_at = {key: at for key, at in self._typed_at.items() if now - at < TYPING_AGAIN_SECONDS}
            changed, self._changed = self._changed, set()
            for room in changed:
                self._refresh(room)

    async def _listen(self) -> None:
        while True:
            try:
                channel = await self._layer.new_channel("presence")
                await self._layer.group_add(GROUP, channel)
                while True:
                    self._take(await self._layer.receive(channel))
            except asyncio.CancelledError:
                raise
            except Exception as error:
                logger.warning("chat: presence is not heard (%s); trying again", error)
                await asyncio.sleep(1)

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "typing":
            told = {"user_id": message["user"], "user": message["name"], "seconds": TYPING_SECONDS}
            self._tell(message["room"], "chat.typing", told, but=message["user"])
        elif message["process"] != self._name:
            rooms = {int(r): {int(u): name for u, name in people.items()} for r, people in message["rooms"].items()}
            _, before = self._elsewhere.get(message["process"], (0.0, {}))
            self._elsewhere[message["process"]] = (time.monotonic(), rooms)
            self._changed.update(before, rooms)

    def _refresh(self, room: int) -> None:
        """Tell the room's sockets who is there, if it is not who they were last told of."""
        online = self._online(room)
        if room in self._sockets and online != self._shown.get(room):
            self._shown[room] = online
            self._tell(room, "chat.presence", {"count": len(online), "online": _people(online)})

    def _online(self, room: int) -> dict[int, str]:
        online = {socket.user.pk: socket.user.get_username() for socket in self._sockets.get(room, ())}
        for _, rooms in self._elsewhere.values():
            online |= rooms.get(room, {})
        return online

    def _tell(self, room: int, method: str, params: dict[str, Any], but: int | None = None) -> None:
        for socket in tuple(self._sockets.get(room, ())):
            if socket.user.pk != but:
                socket.notify_client(method, {"room": room, **params})


def _people(online: dict[int, str]) -> list[dict[str, Any]]:
    people = sorted(online.items(), key=lambda one: one[1])[:SHOWN_PEOPLE]
    return [{"user_id": user_id, "user": name} for user_id, name in people]


_watchers: Watchers | None = None


def watchers_of_this_process() -> Watchers:
    """This process's watchers, started on the running event loop by the first who asks."""
    global _watchers
    if _watchers is None or _watchers.loop is not asyncio.get_running_loop():
        _watchers = Watchers()
    return _watchers
