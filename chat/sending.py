"""Group commit for what arrives by socket: messages that come while a batch is being written share the next one."""

from collections.abc import Sequence
from concurrent.futures import Future

from chat.services import Draft, Posted, post_messages
from notifications import streams
from notifications.batching import Batcher

WRITERS = 4
"""Threads that write, and so database connections at most. A room always has the same one, so its order holds."""
MAX_BATCH = 256

_Item = tuple[int, Draft]


def send(room_id: int, draft: Draft) -> "Future[Posted]":
    """Post a message with the next batch of its room; the future raises the ChatError that refuses it."""
    return _writers[room_id % WRITERS].submit((room_id, draft))


def _write(items: Sequence[_Item]) -> list[Posted | Exception]:
    places: dict[int, list[int]] = {}
    for place, (room_id, _) in enumerate(items):
        places.setdefault(room_id, []).append(place)
    outcomes: dict[int, Posted | Exception] = {}
    for room_id, in_room in places.items():
        outcomes.update(zip(in_room, _write_room(room_id, [items[place][1] for place in in_room]), strict=True))
    return [outcomes[place] for place in range(len(items))]


def _write_room(room_id: int, drafts: Sequence[Draft]) -> Sequence[Posted | Exception]:
    try:
        return post_messages(room_id=room_id, drafts=drafts)
    except Exception as error:  # one room's fault is none of the other rooms'
        return [error] * len(drafts)


_writers = [
    # What is said in answer to a batch shares the next one, which is a third more a second in a busy room.
    Batcher(_write, max_items=MAX_BATCH, name=f"chat-writer-{i}", pause=streams.let_news_out)
    for i in range(WRITERS)
]
