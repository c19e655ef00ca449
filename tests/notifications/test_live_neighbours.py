"""One server process alone tells nobody through Redis; as soon as there is another one, it does."""

from typing import Any

import pytest

from notifications.streams import hub as hubs
from notifications.streams import neighbours
from notifications.streams.encoding import Batch
from notifications.streams.neighbours import HELLO_SECONDS, SILENCE_SECONDS, Neighbours
from notifications.streams.threads import in_thread
from tests.notifications.live import append, make_reader, make_stream
from tests.notifications.test_live_hub import run, until
from tests.servers.redis import RedisServer


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Years(Neighbours):
    """Neighbours whose time is moved by hand."""

    def __init__(self) -> None:
        self.clock = Clock()
        super().__init__(self.clock)

    def pass_by(self, seconds: float, *, others: bool = False, itself: bool = True) -> bool:
        """Hellos once in HELLO_SECONDS; returns whether it is alone then."""
        until = self.clock.now + seconds
        while self.clock.now < until:
            self.clock.now += HELLO_SECONDS
            for is_own in [True] * itself + [False] * others:
                self.hear(is_own=is_own)
        return self.is_alone


def test_a_hub_that_has_heard_nothing_is_not_alone() -> None:
    assert not Years().is_alone
    assert not Years().pass_by(60, itself=False)


def test_a_hub_is_alone_when_it_has_heard_only_itself_for_long_enough() -> None:
    hub = Years()
    assert not hub.pass_by(SILENCE_SECONDS)
    assert hub.pass_by(2 * HELLO_SECONDS)


def test_another_hub_is_a_neighbour_until_it_has_been_silent_for_long_enough() -> None:
    hub = Years()
    hub.pass_by(60)
    hub.hear(is_own=False)
    assert not hub.is_alone
    assert not hub.pass_by(30, others=True)
    assert not hub.pass_by(SILENCE_SECONDS - HELLO_SECONDS)
    assert hub.pass_by(2 * HELLO_SECONDS)


def test_a_hub_that_does_not_hear_itself_does_not_believe_the_silence() -> None:
    hub = Years()
    assert hub.pass_by(60)
    assert not hub.pass_by(5, itself=False), "the line is cut"
    assert not hub.pass_by(SILENCE_SECONDS), "the others have to say so first"
    assert hub.pass_by(2 * HELLO_SECONDS)


class Ears:
    """A sink that notes the numbers."""

    direct = None

    def __init__(self) -> None:
        self.seqs: list[int] = []

    def deliver(self, batch: Batch) -> None:
        self.seqs += range(batch.first, batch.last + 1)

    def reset(self, last_seq: int) -> None:
        raise AssertionError("nothing was lost")

    async def ready(self) -> bool:
        return True


def news(listener: Any) -> list[str]:
    """The channels on which anything came but the hubs' hellos."""
    messages = iter(lambda: listener.get_message(ignore_subscribe_messages=True, timeout=0.2), None)
    return [channel for message in messages if "hubs" not in (channel := message["channel"].decode())]


@pytest.mark.django_db(transaction=True)
def test_news_goes_through_redis_only_where_there_is_another_hub(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hubs, "HELLO_SECONDS", 0.1)
    monkeypatch.setattr(hubs, "TAIL_CHECK_SECONDS", 0.3)
    monkeypatch.setattr(neighbours, "HELLO_SECONDS", 0.5)
    monkeypatch.setattr(neighbours, "SILENCE_SECONDS", 0.5)
    stream = make_stream(make_reader())

    async def scenario() -> None:
        ours, theirs = Ears(), Ears()
        hub = hubs.current_hub()
        await hub.subscribe(stream, 0, ours)
        listener = redis_server.client.pubsub()
        listener.psubscribe("*")
        await until(lambda: hub.neighbours.is_alone)
        await in_thread(append, stream, 1)
        await until(lambda: ours.seqs == [1])
        assert news(listener) == []

        other = hubs.Hub()
        # Its check of the tails would find in the database what does not come by Redis.
        monkeypatch.setattr(other, "_refill", None)
        try:
            await other.subscribe(stream, 1, theirs)
            await until(lambda: other._feeds[stream].listening and not hub.neighbours.is_alone)
            await in_thread(append, stream, 2)
            await until(lambda: (ours.seqs, theirs.seqs) == ([1, 2], [2]))
            assert [channel for channel in news(listener) if stream.replace(":", ".") in channel]
        finally:
            await other.close()
        await until(lambda: hub.neighbours.is_alone)

        redis_server.kill()
        await until(lambda: not hub.neighbours.is_alone)
        redis_server.start()
        await in_thread(append, stream, 3)
        await until(lambda: ours.seqs == [1, 2, 3])
        await until(lambda: hub.neighbours.is_alone)

    run(scenario)
