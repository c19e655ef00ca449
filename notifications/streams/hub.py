"""The hub: one per server process, between the event log and all of the process's subscribers."""

import asyncio
import logging
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import uuid4

from channels.layers import get_channel_layer

from notifications.streams import log
from notifications.streams.encoding import Batch, encode
from notifications.streams.fanout import Sink, hand_out
from notifications.streams.feed import Feed
from notifications.streams.neighbours import HELLO_SECONDS, Neighbours
from notifications.streams.threads import in_thread

logger = logging.getLogger(__name__)

GAP_PATIENCE_SECONDS = 0.05
"""How long news may be out of order before the database is asked: two writers' news cross within this."""

TAIL_CHECK_SECONDS = 1.0
"""How often the log is compared with what arrived. News lost with a Redis restart are here two checks later."""

LINGER_SECONDS = 10.0
"""How long a feed stays after its last subscriber left: a reload finds it warm."""

REDIS_PATIENCE_SECONDS = 2.0

HUBS = "hubs"
"""The group in which hubs say that they are there."""

BEHIND_EVENTS = 1000
BEHIND_BYTES = 1024 * 1024
"""How much a subscriber may lack of what is older than two checks."""

FRAME_EVENTS = 1000
FRAME_BYTES = 256 * 1024
"""What one frame carries at most, so that a slow line shows progress."""


def group_of(stream: str) -> str:
    """The channel-layer group that carries a stream's news; group names know no colon."""
    return "stream." + stream.replace(":", ".")


class Hub:
    """Fans events out: one channel-layer subscription and one copy in memory per stream, however many subscribers."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.neighbours = Neighbours(self.loop.time)
        self._id = uuid4().hex
        self._layer = get_channel_layer("subscribe")
        self._is_introduced = False  # whether it hears the others, and itself
        self._feeds: dict[str, _Attached] = {}
        self._opening: dict[str, asyncio.Future[_Attached]] = {}
        self._channel: str | None = None
        forever = (self._listen(), self._say_hello(), self._check_tails(), self._keep_joined())
        self._tasks = {self.loop.create_task(work) for work in forever}

    # --- subscribing -----------------------------------------------------------------------------------

    async def subscribe(self, stream: str, after: int | None, sink: Sink) -> int:
        """Deliver to the sink all that follows `after` (None: only what is new), then everything that comes.

        Returns the number from which on events are delivered live (or up to which they were, where the sink wanted
        no more). The caller has checked the permission.
        """
        feed = await self._open(stream)
        feed.joining += 1  # history may take longer than an idle feed stays
        try:
            return await self._join(feed, after, sink)
        finally:
            feed.joining -= 1

    async def _join(self, feed: "_Attached", after: int | None, sink: Sink) -> int:
        stream = feed.stream
        cursor = feed.head if after is None else after
        while cursor != feed.head:
            if cursor > feed.head:
                await self._refill(feed)
                if cursor > feed.head:  # a cursor from another log, say of a restored backup
                    cursor = feed.head
                    sink.reset(cursor)
                continue
            events = feed.after(cursor)
            if events is None:
                answer = await in_thread(log.read, stream, after=cursor)
                if isinstance(answer, log.Reset):
                    cursor = max(answer.last_seq, feed.head)
                    sink.reset(cursor)
                    continue
                events = [encode(event) for event in answer.events]
            for batch in _batches(stream, cursor + 1, events):
                sink.deliver(batch)
                cursor = batch.last
                if not await sink.ready():
                    return cursor
        # No await since the comparison: the sink joins exactly at the head.
        self._flush(feed)
        feed.sinks.add(sink)
        return feed.head

    def unsubscribe(self, stream: str, sink: Sink) -> None:
        """Stop delivering; does nothing for one that is not subscribed."""
        feed = self._feeds.get(stream)
        if feed is not None:
            feed.sinks.discard(sink)
            feed.idle_since = self.loop.time()

    async def newest(self, stream: str) -> int:
        """The number of the stream's newest event."""
        return (await self._open(stream)).head

    async def catch_up(self, streams: Sequence[str]) -> None:
        """Read what the log has and the news did not bring yet, for answers that must hold everything committed."""
        feeds = [feed for stream in streams if (feed := self._feeds.get(stream))]
        tails = await in_thread(log.last_seqs, [feed.stream for feed in feeds])
        for feed in feeds:
            if tails.get(feed.stream, 0) > feed.head:
                await self._refill(feed)
                self._flush(feed)

    def is_far_behind(self, stream: str, acknowledged: int) -> bool:
        """Whether someone who follows the stream has not seen what is older than two checks, and lacks too much."""
        feed = self._feeds.get(stream)
        if feed is None or acknowledged >= feed.heads[0]:
            return False
        return feed.head - acknowledged > BEHIND_EVENTS or feed.bytes_after(acknowledged) > BEHIND_BYTES

    # --- news ------------------------------------------------------------------------------------------

    def tell(self, stream: str, first: int, last: int, events: list[bytes]) -> None:
        """News that a stream has grown by the events `first` to `last`, carried or (too large) only named; on the
        hub's loop. What this process appended comes twice, the second time from Redis."""
        feed = self._feeds.get(stream)
        if feed is None or last <= feed.head:
            return
        if not events:
            self._spawn(self._refill(feed))
        elif feed.offer(first, events):
            self._schedule_flush(feed)
        elif not feed.refill_scheduled:
            feed.refill_scheduled = True
            self.loop.call_later(GAP_PATIENCE_SECONDS, self._refill_if_gap, feed)

    def tell_redaction(self, stream: str, seqs: Sequence[int]) -> None:
        """Past events were rewritten: who asks for them from now on gets what the database has."""
        if feed := self._feeds.get(stream):
            feed.forget(seqs)

    async def close(self) -> None:
        """Stop all background work; subscribers are no longer told anything."""
        tasks = set(self._tasks)
        while tasks:  # the Redis client makes errors of some cancellations; who goes on after one is told again
            for task in tasks:
                task.cancel()
            _, tasks = await asyncio.wait(tasks, timeout=0.5)

    # --- inside ----------------------------------------------------------------------------------------

    async def _open(self, stream: str) -> "_Attached":
        feed = self._feeds.get(stream)
        if feed is not None:
            return feed
        opening = self._opening.get(stream)
        if opening is None:
            opening = self._opening[stream] = self.loop.create_task(self._open_once(stream))
            opening.add_done_callback(lambda _: self._opening.pop(stream, None))
        return await asyncio.shield(opening)

    async def _open_once(self, stream: str) -> "_Attached":
        # Subscribe first, read the head afterwards: what is appended in between is then known twice, not never.
        listening = await self._join_group(group_of(stream))
        feed = _Attached(stream, await in_thread(log.last_seq, stream))
        feed.listening = listening
        feed.idle_since = self.loop.time()
        self._feeds[stream] = feed
        return feed

    async def _join_group(self, group: str) -> bool:
        if self._channel is None:
            return False
        try:
            async with asyncio.timeout(REDIS_PATIENCE_SECONDS):
                await self._layer.group_add(group, self._channel)
        except Exception as error:
            logger.warning("live: cannot subscribe to news (%s); reading from the database until Redis is back", error)
            return False
        return True

    def _schedule_flush(self, feed: "_Attached") -> None:
        if not feed.flush_scheduled:
            feed.flush_scheduled = True
            self.loop.call_soon(self._flush, feed)

    def _flush(self, feed: "_Attached") -> None:
        feed.flush_scheduled = False
        if not feed.outbox:
            return
        first, events = feed.take_outbox()
        for batch in _batches(feed.stream, first, events):
            for sink in hand_out(batch, feed.sinks):
                try:
                    sink.deliver(batch)
                except Exception:  # one subscriber's fault must not cost the others these events
                    logger.exception("live: a subscriber of %s took no events", feed.stream)

    def _refill_if_gap(self, feed: "_Attached") -> None:
        feed.refill_scheduled = False
        if feed.has_gap:
            self._spawn(self._refill(feed))

    async def _refill(self, feed: "_Attached") -> None:
        """Read what is missing from the database, once at a time for each feed."""
        async with feed.refilling:
            while True:
                answer = await in_thread(log.read, feed.stream, after=feed.head)
                if isinstance(answer, log.Reset):
                    self._flush(feed)
                    self._start_afresh(feed, answer.last_seq)
                    return
                if answer.events and feed.offer(answer.events[0].seq, [encode(e) for e in answer.events]):
                    self._schedule_flush(feed)
                if feed.head >= answer.last_seq:
                    return

    def _start_afresh(self, feed: "_Attached", head: int) -> None:
        """The events in between are no longer kept, or the log was set back (a restored backup, a failover)."""
        feed.skip_to(head)
        for sink in tuple(feed.sinks):
            sink.reset(head)

    async def _listen(self) -> None:
        """Hand the channel layer's news to `tell`, for as long as the process lives."""
        while True:
            try:
                if self._channel is None:
                    self._channel = await self._layer.new_channel("hub")
                    for feed in list(self._feeds.values()):
                        feed.listening = await self._join_group(group_of(feed.stream))
                message = await self._layer.receive(self._channel)
                if message["type"] == "news":
                    self.tell(message["stream"], message["first"], message["last"], message["events"])
                elif message["type"] == "redaction":
                    self.tell_redaction(message["stream"], message["seqs"])
                else:
                    self.neighbours.hear(is_own=message["hub"] == self._id)
            except Exception as error:
                logger.warning("live: no news from Redis (%s); reading from the database meanwhile", error)
                await asyncio.sleep(1)

    async def _say_hello(self) -> None:
        """Tell the other hubs, and ourselves, that this one is there, for as long as it is."""
        layer = get_channel_layer()
        while True:
            try:
                async with asyncio.timeout(REDIS_PATIENCE_SECONDS):
                    await layer.group_send(HUBS, {"type": "hello", "hub": self._id})
            except Exception as error:
                logger.debug("live: Redis does not take a hello (%s); trying again", error)
            await asyncio.sleep(HELLO_SECONDS)

    async def _check_tails(self) -> None:
        """Compare the log with what arrived. Asks the database alone: a Redis that hangs must not delay it."""
        while True:
            await asyncio.sleep(TAIL_CHECK_SECONDS)
            try:
                heads = {stream: feed.head for stream, feed in self._feeds.items()}
                tails = await in_thread(log.last_seqs, list(heads))
                for feed in list(self._feeds.values()):
                    if tails.get(feed.stream, feed.head) < heads.get(feed.stream, 0):
                        self._start_afresh(feed, tails[feed.stream])
                    elif feed.head < feed.expected:
                        self._spawn(self._refill(feed))
                    feed.heads.append(feed.head)
                    # What is on its way now has until the next check to arrive by itself.
                    feed.expected = tails.get(feed.stream, 0)
            except Exception:
                logger.exception("live: the check of the streams' tails failed; trying again")

    async def _keep_joined(self) -> None:
        """Join groups missed while Redis was away; drop feeds nobody follows."""
        while True:
            await asyncio.sleep(TAIL_CHECK_SECONDS)
            try:
                self._is_introduced = self._is_introduced or await self._join_group(HUBS)
                for feed in list(self._feeds.values()):
                    if not feed.listening:
                        feed.listening = await self._join_group(group_of(feed.stream))
                        if not feed.listening:
                            break  # the others would wait as long, each
                await self._close_idle()
            except Exception as error:
                logger.warning("live: cannot leave news that nobody follows (%s); trying again", error)

    async def _close_idle(self) -> None:
        now = self.loop.time()
        for stream, feed in list(self._feeds.items()):
            if not feed.sinks and not feed.joining and now - feed.idle_since > LINGER_SECONDS:
                del self._feeds[stream]
                if feed.listening and self._channel is not None:
                    async with asyncio.timeout(REDIS_PATIENCE_SECONDS):
                        await self._layer.group_discard(group_of(stream), self._channel)

    def _spawn(self, work: Any) -> None:
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _Attached(Feed):
    """A feed with its subscribers."""

    def __init__(self, stream: str, head: int) -> None:
        super().__init__(stream, head)
        self.sinks: set[Sink] = set()
        self.joining = 0
        self.refilling = asyncio.Lock()
        self.refill_scheduled = False
        self.flush_scheduled = False
        self.listening = False
        self.expected = 0
        self.heads = deque([head] * 3, maxlen=3)  # at the last checks
        self.idle_since = 0.0


def _batches(stream: str, first: int, events: list[bytes]) -> Iterable[Batch]:
    """Cut events into frames of a bearable size."""
    start, size = 0, 0
    for index, event in enumerate(events):
        size += len(event)
        if index > start and (size > FRAME_BYTES or index - start >= FRAME_EVENTS):
            yield Batch(stream, first + start, events[start:index])
            start, size = index, len(event)
    if start < len(events):
        yield Batch(stream, first + start, events[start:] if start else events)


_hub: Hub | None = None


def current_hub() -> Hub:
    """This process's hub, started on the running event loop by the first who asks."""
    global _hub
    if _hub is None or _hub.loop is not asyncio.get_running_loop():
        _hub = Hub()
    return _hub


def hub_of_this_process() -> Hub | None:
    """The hub if this process has one (a worker has none); from any thread."""
    return _hub if _hub is not None and _hub.loop.is_running() else None
