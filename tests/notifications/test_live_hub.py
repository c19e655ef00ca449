"""The hub and a socket's subscriptions, in this process: what may happen while one is still being started."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from typing import Any
from unittest.mock import AsyncMock

import pytest
from django.db import connections as database_connections
from django.db import transaction

from notifications import consumers, streams
from notifications.consumers import StreamConsumer
from notifications.errors import UnknownStream
from notifications.streams import hub as hubs
from notifications.streams.connections import connections
from notifications.streams.encoding import Batch
from notifications.streams.session import Visitor
from notifications.streams.threads import in_thread
from tests.notifications.live import append, make_reader, make_stream

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _sessions_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """These people have none, and the first look at it comes at once."""
    monkeypatch.setattr("notifications.streams.connections.ended", lambda visitors: set())


class Socket(StreamConsumer):
    """A subclass, as every socket's: it has the calls by their names."""


class Outlet:
    """A client that reads at once, or when it is told to."""

    def __init__(self) -> None:
        self.backlog_bytes = 0
        self.direct = None
        self.is_paused = False
        self.messages: list[dict[str, Any]] = []
        self.reads = asyncio.Event()
        self.reads.set()

    def write(self, batch: Batch) -> bool:
        return self.write_text(batch.notification)

    def write_text(self, payload: bytes) -> bool:
        self.messages.append(json.loads(payload))
        return True

    async def drained(self) -> None:
        await self.reads.wait()

    def pause_reading(self) -> None:
        self.is_paused = True

    def resume_reading(self) -> None:
        self.is_paused = False

    def seqs(self) -> list[int]:
        batches = [message["params"]["events"] for message in self.messages if message["method"] == "events"]
        return [event["seq"] for events in batches for event in events]


def socket_of(user: Any) -> tuple[StreamConsumer, Outlet]:
    consumer: Any = Socket()
    consumer.begin(Visitor(user, "session"))
    consumer.outlet = outlet = Outlet()
    connections().add(consumer)
    return consumer, outlet


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def with_cleanup() -> None:
        try:
            await asyncio.wait_for(scenario(), 20)
        finally:
            await hubs.current_hub().close()

    asyncio.run(with_cleanup())
    database_connections.close_all()


async def until(condition: Callable[[], object]) -> None:
    while not condition():  # noqa: ASYNC110  (what it waits for sets no event)
        await asyncio.sleep(0.01)


def test_whoever_reads_a_long_history_slowly_gets_what_comes_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else follows the stream, and the history takes longer than an idle feed stays."""
    monkeypatch.setattr(hubs, "LINGER_SECONDS", 0.2)
    monkeypatch.setattr(hubs, "TAIL_CHECK_SECONDS", 0.1)
    asha = make_reader()
    stream = make_stream(asha)
    append(stream, *range(1500))

    async def scenario() -> None:
        consumer, outlet = socket_of(asha)
        outlet.reads.clear()
        subscribing = asyncio.create_task(consumer.subscribe({"stream": stream, "after": 0}))
        await until(outlet.seqs)
        await asyncio.sleep(0.8)
        outlet.reads.set()
        assert (await subscribing)["seq"] == 1500
        await in_thread(append, stream, 1500)
        await until(lambda: outlet.seqs()[-1] == 1501)
        assert outlet.seqs() == list(range(1, 1502))

    run(scenario)


def test_one_stream_subscribed_again_and_again_at_once_is_one_subscription() -> None:
    asha = make_reader()
    stream = make_stream(asha)
    append(stream, *range(3))

    async def scenario() -> None:
        consumer, outlet = socket_of(asha)
        await asyncio.gather(*(consumer.subscribe({"stream": stream, "after": 3}) for _ in range(10)))
        await in_thread(append, stream, 3)
        await until(outlet.seqs)
        await asyncio.sleep(0.1)
        assert outlet.seqs() == [4]

    run(scenario)


@pytest.mark.parametrize("ended_by", ["unsubscribe", "close"])
def test_what_ends_a_subscription_that_is_being_started_ends_it(ended_by: str) -> None:
    asha = make_reader()
    stream = make_stream(asha)

    async def scenario() -> None:
        consumer, outlet = socket_of(asha)
        subscribing = asyncio.create_task(consumer.subscribe({"stream": stream}))
        await asyncio.sleep(0)
        if ended_by == "unsubscribe":
            await consumer.unsubscribe({"stream": stream})
        else:
            consumer.end_subscriptions()
        await subscribing
        await in_thread(append, stream, 0)
        await asyncio.sleep(0.3)
        assert outlet.messages == []
        assert not hubs.current_hub()._feeds[stream].sinks

    run(scenario)


def test_a_right_that_is_taken_away_while_it_is_looked_up_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    asha = make_reader()
    stream = make_stream(asha)

    async def scenario() -> None:
        consumer, outlet = socket_of(asha)

        def look_too_early(user: Any, name: str) -> bool:
            with transaction.atomic():
                streams.revoke(user_id=user.pk, stream=name)
            asyncio.run_coroutine_threadsafe(until(lambda: outlet.messages), loop).result(10)
            return True

        loop = asyncio.get_running_loop()
        monkeypatch.setattr(consumers, "may_read", look_too_early)
        with pytest.raises(UnknownStream):
            await consumer.subscribe({"stream": stream, "after": 0})
        await in_thread(append, stream, 0)
        await asyncio.sleep(0.2)
        assert [message["method"] for message in outlet.messages] == ["revoked"]

    run(scenario)


def test_a_socket_that_follows_all_it_may_can_move_a_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "MAX_STREAMS", 2)
    asha = make_reader()
    names = [make_stream(asha) for _ in range(3)]

    async def scenario() -> None:
        consumer, _ = socket_of(asha)
        answers = await asyncio.gather(
            *(consumer.subscribe({"stream": name}) for name in names), return_exceptions=True
        )
        assert [isinstance(answer, dict) for answer in answers] == [True, True, False]
        assert (await consumer.subscribe({"stream": names[0], "after": 0}))["seq"] == 0

    run(scenario)


def test_one_subscriber_that_fails_costs_the_others_nothing() -> None:
    asha = make_reader()
    stream = make_stream(asha)

    async def scenario() -> None:
        sockets = [socket_of(asha) for _ in range(3)]
        for consumer, _ in sockets:
            await consumer.subscribe({"stream": stream, "after": 0})
        broken = sockets[1][1]
        del broken.messages
        await in_thread(append, stream, 0)
        for _, outlet in (sockets[0], sockets[2]):
            await until(lambda outlet=outlet: outlet.seqs() == [1])

    run(scenario)


def test_a_redis_that_hangs_does_not_keep_the_hub_from_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hubs, "REDIS_PATIENCE_SECONDS", 0.5)
    monkeypatch.setattr(hubs, "TAIL_CHECK_SECONDS", 0.1)
    monkeypatch.setattr("notifications.streams.appending.publish", lambda stream, events: None)
    asha = make_reader()
    names = [make_stream(asha) for _ in range(10)]

    async def hang(*_: object) -> None:
        await asyncio.sleep(60)

    async def scenario() -> None:
        consumer, outlet = socket_of(asha)
        monkeypatch.setattr(hubs.current_hub(), "_layer", AsyncMock(group_add=hang, receive=hang))
        await asyncio.gather(*(consumer.subscribe({"stream": name, "after": 0}) for name in names))
        for count in range(1, 4):
            await in_thread(append, names[-1], count)
            await asyncio.wait_for(until(lambda count=count: outlet.seqs() == list(range(1, count + 1))), 1.5)

    run(scenario)


def test_while_calls_hang_no_more_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that goes on sending must not fill the server's memory with what it cannot do yet."""
    monkeypatch.setattr(consumers, "MAX_CALLS_IN_FLIGHT", 2)
    asha = make_reader()
    stream = make_stream(asha)
    database_answers = threading.Event()
    monkeypatch.setattr(consumers, "may_read", lambda user, name: database_answers.wait(10))
    frame = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "streams.subscribe", "params": {"stream": stream}})

    async def scenario() -> None:
        consumer, outlet = socket_of(asha)
        for _ in range(2):
            await consumer._take(frame)
        assert not outlet.is_paused
        third = asyncio.create_task(consumer._take(frame))
        await until(lambda: outlet.is_paused)
        database_answers.set()
        await third
        assert not outlet.is_paused

    run(scenario)
