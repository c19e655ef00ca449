"""What one process knows of one stream: its newest events, in order, without gaps. Pure, no I/O."""

from collections import deque
from collections.abc import Iterable, Sequence
from itertools import islice

RECENT_EVENTS = 1000
RECENT_BYTES = 1024 * 1024
"""What a feed keeps in memory for those who resume; older events come from the database."""

EARLY_BATCHES = 256
"""Batches kept that arrived before the events in front of them; beyond it the database fills the gap alone."""


FORGOTTEN = b""
"""Stands where an event was that memory must not give out any more."""


class Feed:
    """Puts news, which may come twice, late or not at all, back into the log's order.

    `head` is the number of the newest event known with all before it; `outbox` holds events that are in order
    and not yet handed to subscribers.
    """

    def __init__(self, stream: str, head: int) -> None:
        self.stream = stream
        self.head = head
        self.outbox: list[bytes] = []
        self._recent: deque[bytes] = deque()
        self._recent_bytes = 0
        self._early: dict[int, Sequence[bytes]] = {}

    def offer(self, first: int, events: Sequence[bytes]) -> bool:
        """Take events numbered from `first`; True when the head moved."""
        before = self.head
        if first > before + 1:
            if len(self._early) < EARLY_BATCHES:
                self._early[first] = events
            return False
        self._extend(first, events)
        while self._early:
            first = min(self._early)
            if first > self.head + 1:
                break
            self._extend(first, self._early.pop(first))
        return self.head > before

    @property
    def has_gap(self) -> bool:
        """Whether events are known that wait for others in front of them."""
        return bool(self._early)

    def skip_to(self, head: int) -> None:
        """Give up what lies between: the log no longer has it. A lower head is another log's."""
        kept = {first: events for first, events in self._early.items() if first > head}
        self._early = kept if head >= self.head else {}
        self.head = head
        self.outbox.clear()
        self._recent.clear()
        self._recent_bytes = 0

    def after(self, seq: int) -> list[bytes] | None:
        """The events that follow number `seq` up to the head, or None when they are not all in memory."""
        events = self._newest(self.head - seq)
        return None if events is None or FORGOTTEN in events else events

    def bytes_after(self, seq: int) -> int:
        """How many bytes of events follow number `seq`; more than RECENT_BYTES when they are no longer in memory."""
        events = self._newest(self.head - seq)
        return RECENT_BYTES + 1 if events is None else sum(map(len, events))

    def forget(self, seqs: Iterable[int]) -> None:
        """Events that were rewritten: they come from the database from now on."""
        for seq in seqs:
            place = len(self._recent) - 1 - (self.head - seq)
            if 0 <= place < len(self._recent):
                self._recent_bytes -= len(self._recent[place])
                self._recent[place] = FORGOTTEN

    def take_outbox(self) -> tuple[int, list[bytes]]:
        """The first number and the events that are to be handed out now."""
        events, self.outbox = self.outbox, []
        return self.head - len(events) + 1, events

    def _newest(self, count: int) -> list[bytes] | None:
        if count > len(self._recent):
            return None
        return list(islice(self._recent, len(self._recent) - count, None))

    def _extend(self, first: int, events: Sequence[bytes]) -> None:
        new = events[max(0, self.head + 1 - first) :]
        self.head += len(new)
        self.outbox.extend(new)
        self._recent.extend(new)
        self._recent_bytes += sum(map(len, new))
        while len(self._recent) > RECENT_EVENTS or (self._recent_bytes > RECENT_BYTES and self._recent):
            self._recent_bytes -= len(self._recent.popleft())
