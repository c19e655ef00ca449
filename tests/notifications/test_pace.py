"""How often somebody may do a thing, wherever in the fleet they do it."""

from typing import Any

import pytest
import redis

from notifications.pace import Pace


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Any:
    def set_clock(seconds: float) -> None:
        monkeypatch.setattr("notifications.pace.time.time", lambda: seconds)

    set_clock(1000.0)
    return set_clock


def taken(pace: Pace, who: str, times: int) -> int:
    return sum(pace.take(who) for _ in range(times))


def test_each_has_so_many_and_two_servers_count_together(at: Any) -> None:
    here, there = (Pace("test", at_most=5, seconds=10) for _ in range(2))
    assert taken(here, "asha", 3) + taken(there, "asha", 9) == 5
    assert here.is_full("asha")
    assert there.is_full("asha")
    assert taken(there, "ravi", 9) == 5


def test_what_was_refused_is_not_counted(at: Any) -> None:
    pace = Pace("test", at_most=5, seconds=10)
    assert taken(pace, "asha", 500) == 5
    at(1019.9)
    assert taken(pace, "asha", 1) == 1


def test_the_change_of_windows_gives_nobody_twice_as_much(at: Any) -> None:
    pace = Pace("test", at_most=10, seconds=10)
    at(1009.9)
    assert taken(pace, "asha", 20) == 10
    at(1010.1)
    assert taken(pace, "asha", 20) == 0
    at(1015.0)
    assert taken(pace, "asha", 20) == 5
    at(1040.0)
    assert taken(pace, "asha", 20) == 10


def test_the_counters_go_by_themselves(at: Any, redis_server: Any) -> None:
    Pace("test", at_most=1, seconds=10).take("asha")
    [key] = redis_server.client.keys("chowk:pace:*")
    assert 0 < redis_server.client.ttl(key) <= 20


def test_without_redis_the_caller_decides(redis_server: Any) -> None:
    redis_server.kill()
    try:
        with pytest.raises(redis.RedisError):
            Pace("test", at_most=1, seconds=10).take("asha")
    finally:
        redis_server.start()
