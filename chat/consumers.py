import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from chat import calls, commands, sending
from chat.errors import InvalidCall
from chat.params import Params
from chat.presence import watchers_of_this_process
from notifications.consumers import StreamConsumer, rpc

RpcMethod = Callable[["ChatConsumer", dict[str, Any]], Awaitable[dict[str, Any]]]


def _call(name: str) -> RpcMethod:
    """The socket's side of a call: it runs in a thread."""

    @rpc(name)
    async def method(self: "ChatConsumer", params: dict[str, Any]) -> dict[str, Any]:
        return await self.in_thread(calls.CALLS[name], self.user, Params(params))

    return method


class ChatConsumer(StreamConsumer):
    """The page's socket: streams, and the `chat.*` calls of chat/calls/."""

    @rpc("chat.send")
    async def send_message(self, params: dict[str, Any]) -> dict[str, Any]:
        """`{room, body, client_id, reply_to?, files?}` → `{id, number, at, client_id}`, the same for a retry."""
        checked = Params(params)
        draft = calls.draft_of(self.user, checked)
        if commands.parse(draft.body):
            return await self.in_thread(calls.run_command, self.user, checked)
        # Nothing is awaited before this: what a client sends in an order is stored in that order.
        posted = await asyncio.wrap_future(sending.send(checked.id("room"), draft))
        return posted.as_dict()

    @rpc("chat.watch")
    async def watch(self, params: dict[str, Any]) -> dict[str, Any]:
        """`{room}` → `{online}`: from now on `typing` and `presence` of the room come to this socket."""
        room_id = Params(params).id("room")
        self._need_socket()
        return {"online": await watchers_of_this_process().watch(self, room_id)}

    @rpc("chat.typing")
    async def typing(self, params: dict[str, Any]) -> dict[str, Any]:
        """`{room}`: the person is writing there; it counts for a few seconds."""
        room_id = Params(params).id("room")
        self._need_socket()
        await watchers_of_this_process().type(self, room_id)
        return {}

    _is_lasting = False

    def _need_socket(self) -> None:
        """One call by POST has nowhere to hear of others."""
        if not self._is_lasting:
            raise InvalidCall("Only a socket can watch a room and type in it.")

    async def opened(self) -> None:
        self._is_lasting = True
        await super().opened()

    def revoked(self, stream: str) -> None:
        prefix, _, key = stream.partition(":")
        if prefix == "room":
            watchers_of_this_process().forget(self, int(key))
        super().revoked(stream)

    async def closed(self) -> None:
        watchers_of_this_process().forget(self)
        await super().closed()

    edit = _call("chat.edit")
    delete = _call("chat.delete")
    react = _call("chat.react")
    pin = _call("chat.pin")
    report = _call("chat.report")
    source = _call("chat.source")
    versions = _call("chat.versions")
    rooms = _call("chat.rooms")
    public_rooms = _call("chat.public_rooms")
    people = _call("chat.people")
    history = _call("chat.history")
    thread = _call("chat.thread")
    reactions = _call("chat.reactions")
    pins = _call("chat.pins")
    at_day = _call("chat.at")
    search = _call("chat.search")
    names = _call("chat.names")
    read = _call("chat.read")
    create_room = _call("chat.create_room")
    open_direct = _call("chat.open_direct")
    change_room = _call("chat.change_room")
    archive = _call("chat.archive")
    join = _call("chat.join")
    leave = _call("chat.leave")
    alert = _call("chat.alert")
    invite_link = _call("chat.invite_link")
    invite = _call("chat.invite")
    accept = _call("chat.accept")
    revoke_invitation = _call("chat.revoke_invitation")
    set_role = _call("chat.set_role")
    mute = _call("chat.mute")
    ban = _call("chat.ban")
    lift_ban = _call("chat.lift_ban")
    slow_mode = _call("chat.slow_mode")
    invitations = _call("chat.invitations")
    reports = _call("chat.reports")
    handle_report = _call("chat.handle_report")
    audit = _call("chat.audit")
    webhooks = _call("chat.webhooks")
    create_webhook = _call("chat.create_webhook")
    disable_webhook = _call("chat.disable_webhook")
