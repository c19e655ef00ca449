"""A feed puts news back into order, however it comes (property tests against a plain model)."""

from hypothesis import given
from hypothesis import strategies as st

from notifications.streams.feed import RECENT_BYTES, RECENT_EVENTS, Feed


def event(seq: int) -> bytes:
    return b"%d" % seq


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(1, 8)), max_size=60))
def test_whatever_comes_the_outbox_is_the_log_without_gaps_and_without_doubles(news: list[tuple[int, int]]) -> None:
    feed = Feed("room:1", head=0)
    handed_out: list[bytes] = []
    for first, count in news:
        feed.offer(first, [event(seq) for seq in range(first, first + count)])
        start, events = feed.take_outbox()
        assert not events or events[0] == event(start)
        handed_out += events
    assert handed_out == [event(seq) for seq in range(1, feed.head + 1)]
    known = {seq for first, count in news for seq in range(first, first + count)}
    assert feed.head == next(seq for seq in range(0, 100) if seq + 1 not in known)
    assert feed.has_gap == any(seq > feed.head for seq in known)


@given(st.integers(0, 50), st.integers(0, 60))
def test_what_follows_a_cursor_is_exact(length: int, cursor: int) -> None:
    feed = Feed("room:1", head=0)
    feed.offer(1, [event(seq) for seq in range(1, length + 1)]) if length else None
    if cursor <= feed.head:
        assert feed.after(cursor) == [event(seq) for seq in range(cursor + 1, length + 1)]


def test_memory_is_bounded_by_count_and_by_bytes() -> None:
    feed = Feed("room:1", head=0)
    feed.offer(1, [event(seq) for seq in range(1, RECENT_EVENTS + 11)])
    assert feed.after(10) is not None
    assert feed.after(9) is None
    feed.offer(feed.head + 1, [b"x" * (RECENT_BYTES // 4)] * 6)
    assert feed.after(feed.head - 4) is not None
    assert feed.after(feed.head - 5) is None


def test_a_lost_part_is_skipped_and_what_waits_behind_it_follows() -> None:
    feed = Feed("room:1", head=3)
    feed.offer(10, [event(10), event(11)])
    feed.skip_to(9)
    feed.offer(10, [event(10)])
    assert feed.take_outbox() == (10, [event(10), event(11)])
