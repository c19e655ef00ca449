"""Short poll, long poll, Server-Sent Events and calls by POST: the same events, the same rules."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections

from tests.notifications.live import append, cookie_of, get, make_reader, make_stream
from tests.notifications.sse import EventSource
from tests.servers.web import WebServer


def poll(daphne: WebServer, user: Any, stream: str, query: str = "", **headers: str) -> Any:
    status, answer_headers, body = get(f"{daphne.url}/streams/{stream}/events{query}", user, headers)
    return status, answer_headers, json.loads(body) if body else None


def test_a_poll_answers_what_follows(daphne: WebServer) -> None:
    asha = make_reader()
    stream = make_stream(asha)
    append(stream, 0, 1, 2)
    status, _, answer = poll(daphne, asha, stream, "?after=1")
    assert (status, answer["seq"], answer["reset"]) == (200, 3, False)
    assert [event["data"]["n"] for event in answer["events"]] == [1, 2]


def test_a_poll_without_news_is_not_modified(daphne: WebServer) -> None:
    asha = make_reader()
    stream = make_stream(asha)
    append(stream, 0)
    _, headers, _ = poll(daphne, asha, stream, "?after=1")
    etag = headers["etag"]
    assert poll(daphne, asha, stream, "?after=1", **{"If-None-Match": etag})[0] == 304
    # Of a proxy that compresses, and of a client that knows several.
    for known in (f"W/{etag}", f'"other", {etag}'):
        assert poll(daphne, asha, stream, "?after=1", **{"If-None-Match": known})[0] == 304
    append(stream, 1)
    status, _, answer = poll(daphne, asha, stream, "?after=1", **{"If-None-Match": etag})
    assert status == 200
    assert len(answer["events"]) == 1


def test_a_cursor_ahead_of_the_log_is_a_reset(daphne: WebServer) -> None:
    asha = make_reader()
    stream = make_stream(asha)
    append(stream, 0)
    status, _, answer = poll(daphne, asha, stream, "?after=70")
    assert (status, answer) == (200, {"stream": stream, "seq": 1, "reset": True, "more": False, "events": []})


def test_a_long_history_comes_in_parts_that_say_so(daphne: WebServer) -> None:
    asha = make_reader()
    stream = make_stream(asha)
    append(stream, *range(2300))
    seen: list[int] = []
    for _ in range(10):
        _, _, answer = poll(daphne, asha, stream, f"?after={len(seen)}")
        seen += [event["data"]["n"] for event in answer["events"]]
        assert answer["seq"] == len(seen)
        if not answer["more"]:
            break
    assert seen == list(range(2300))


def test_a_long_poll_answers_when_something_comes(daphne: WebServer) -> None:
    asha = make_reader()
    stream = make_stream(asha)
    append(stream, 0)

    def append_later() -> None:
        append(stream, 1)
        connections.close_all()

    timer = threading.Timer(1.0, append_later)
    timer.start()
    start = time.monotonic()
    status, _, answer = poll(daphne, asha, stream, "?after=1&wait=20")
    timer.join()
    assert (status, [event["data"]["n"] for event in answer["events"]]) == (200, [1])
    assert 0.5 < time.monotonic() - start < 10


def test_a_long_poll_answers_at_once_what_is_there_and_empty_after_its_time(daphne: WebServer) -> None:
    asha = make_reader()
    stream = make_stream(asha)
    append(stream, 0)
    start = time.monotonic()
    assert len(poll(daphne, asha, stream, "?after=0&wait=20")[2]["events"]) == 1
    assert time.monotonic() - start < 5
    assert poll(daphne, asha, stream, "?after=1&wait=1")[2]["events"] == []


def test_hundreds_of_long_polls_wait_without_a_thread_each(daphne: WebServer) -> None:
    asha = make_reader()
    stream = make_stream(asha)
    append(stream, 0)
    cookie = cookie_of(asha)

    def wait_for_news(_: int) -> int:
        status, _, body = get(f"{daphne.url}/streams/{stream}/events?after=1&wait=25", headers=cookie)
        return len(json.loads(body)["events"]) if status == 200 else -status

    with ThreadPoolExecutor(300) as clients:
        answers = [clients.submit(wait_for_news, n) for n in range(300)]
        time.sleep(4)
        threads = _threads_of(daphne.pid)
        append(stream, 1)
        assert [answer.result() for answer in answers] == [1] * 300
    assert threads < 60


def test_several_streams_in_one_poll(daphne: WebServer) -> None:
    asha = make_reader()
    one, other = make_stream(asha), make_stream(asha)
    append(other, 7)
    status, _, answer = poll(daphne, asha, f"{one},{other}", "?after=0,0&wait=5")
    assert status == 200
    assert [(part["stream"], len(part["events"])) for part in answer["answers"]] == [(one, 0), (other, 1)]


@pytest.mark.parametrize("transport", ["events", "sse"])
def test_what_one_may_not_read_and_what_does_not_exist_answer_alike(daphne: WebServer, transport: str) -> None:
    asha = make_reader()
    secret = make_stream(make_reader())
    # Another name for a stream of one's own would be one without events.
    alias = make_stream(asha).replace(":", ":0")
    names = (secret, "room:99999", "nothing", alias)
    answers = [get(f"{daphne.url}/streams/{name}/{transport}", asha) for name in names]
    assert {(status, body) for status, _, body in answers} == {
        (404, b'{"error":{"code":"unknown_stream","message":"There is no such stream."}}')
    }
    assert get(f"{daphne.url}/streams/{secret}/{transport}")[0] == 404


@pytest.mark.parametrize(
    ("query", "body", "status", "code"),
    [
        ("?after=x", None, 400, "bad_request"),
        ("?after=-1", None, 400, "bad_request"),
        ("?after=1,2", None, 400, "bad_request"),
        ("?after=%D9%A1", None, 400, "bad_request"),
        ("?after=" + "9" * 30, None, 400, "bad_request"),
        ("?after=", None, 400, "bad_request"),
        ("?after=0&wait=soon", None, 400, "bad_request"),
        ("?after=0&wait=", None, 400, "bad_request"),
        ("?after=0&wait=" + "9" * 5000, None, 400, "bad_request"),
        ("?after=0", b"{}", 405, "method_not_allowed"),
    ],
)
def test_bad_polls_are_told_what_is_wrong(
    daphne: WebServer, query: str, body: bytes | None, status: int, code: str
) -> None:
    asha = make_reader()
    stream = make_stream(asha)
    answered, _, answer = get(f"{daphne.url}/streams/{stream}/events{query}", asha, body=body)
    assert (answered, json.loads(answer)["error"]["code"]) == (status, code)


@pytest.mark.parametrize("transport", ["events", "sse"])
def test_a_page_of_another_site_reads_nothing(daphne: WebServer, transport: str) -> None:
    asha = make_reader()
    url = f"{daphne.url}/streams/{make_stream(asha)}/{transport}"
    status, _, body = get(url, asha, {"Origin": "https://evil.example"})
    assert (status, json.loads(body)["error"]["code"]) == (403, "foreign_origin")


def test_server_sent_events_arrive_and_resume_by_last_event_id(daphne: WebServer) -> None:
    asha = make_reader()
    stream = make_stream(asha)
    append(stream, 0, 1)
    with EventSource(f"{daphne.url}/streams/{stream}/sse?after=0", asha) as source:
        assert source.headers["content-type"] == "text/event-stream"
        assert source.headers["x-accel-buffering"] == "no"
        assert [source.next_data()["data"]["n"] for _ in range(2)] == [0, 1]
        append(stream, 2)
        assert source.next_data()["data"]["n"] == 2
        assert source.last_id == "3"
        assert 1000 <= source.retry_milliseconds <= 4000
    append(stream, 3)
    with EventSource(f"{daphne.url}/streams/{stream}/sse?after=0", asha, {"Last-Event-ID": "3"}) as source:
        assert source.next_data()["data"]["n"] == 3


def test_several_streams_in_one_event_source_resume_together(daphne: WebServer) -> None:
    asha = make_reader()
    one, other = make_stream(asha), make_stream(asha)
    url = f"{daphne.url}/streams/{one},{other}/sse"
    with EventSource(url, asha) as source:
        source.wait_open()
        append(one, 10)
        assert source.next_data()["data"]["n"] == 10
        assert (source.event, source.last_id) == (one, "1,0")
    append(other, 20)
    append(one, 11)
    with EventSource(url, asha, {"Last-Event-ID": source.last_id}) as again:
        assert sorted(again.next_data()["data"]["n"] for _ in range(2)) == [11, 20]
        assert again.last_id == "2,1"


def test_a_client_that_left_is_cleaned_up(daphne: WebServer) -> None:
    asha = make_reader()
    stream = make_stream(asha)
    before = len(daphne.output())
    for _ in range(5):
        with EventSource(f"{daphne.url}/streams/{stream}/sse?after=0", asha) as source:
            append(stream, 1)
            source.next_data()
    time.sleep(2)
    assert "Traceback" not in daphne.output()[before:]


def call_by_post(daphne: WebServer, user: Any, body: bytes, **headers: str) -> Any:
    status, _, answer = get(f"{daphne.url}/rpc/", user, {"Content-Type": "application/json", **headers}, body)
    return status, json.loads(answer) if answer else None


def test_calls_are_answered_by_post(daphne: WebServer) -> None:
    asha = make_reader()
    ping = b'{"jsonrpc":"2.0","id":4,"method":"ping"}'
    assert call_by_post(daphne, asha, ping) == (200, {"jsonrpc": "2.0", "id": 4, "result": {}})
    assert call_by_post(daphne, asha, b"{")[1]["error"]["code"] == -32700
    silent = b'{"jsonrpc":"2.0","method":"ping"}'
    assert call_by_post(daphne, asha, silent) == (204, None)
    for batch in (b"[%b]" % ping, b"[%b,%b]" % (ping, silent)):
        assert call_by_post(daphne, asha, batch) == (200, [{"jsonrpc": "2.0", "id": 4, "result": {}}])
    subscribe = b'{"jsonrpc":"2.0","id":4,"method":"streams.subscribe","params":{"stream":"room:1"}}'
    assert call_by_post(daphne, asha, subscribe)[1]["error"]["data"]["code"] == "invalid_params"


def test_too_many_calls_by_post_are_told_how_long_to_wait(daphne: WebServer) -> None:
    asha, ravi = make_reader(), make_reader()
    fifty = json.dumps([{"jsonrpc": "2.0", "id": n, "method": "ping"} for n in range(50)]).encode()
    answers = [answer for _ in range(20) for answer in call_by_post(daphne, asha, fifty)[1]]
    refused = [answer["error"]["data"] for answer in answers if "error" in answer]
    assert 0 < len(refused) <= 600
    assert all(error["code"] == "rate_limited" and 0 < error["retry_after"] < 5 for error in refused)
    assert not any("error" in answer for answer in call_by_post(daphne, ravi, fifty)[1])


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Content-Type": "text/plain"}, 400, "bad_request"),
        ({"Origin": "https://evil.example"}, 403, "foreign_origin"),
        ({"Origin": "null"}, 403, "foreign_origin"),
    ],
)
def test_posts_of_other_sites_are_refused(daphne: WebServer, headers: dict[str, str], status: int, code: str) -> None:
    ping = b'{"jsonrpc":"2.0","id":4,"method":"ping"}'
    answered, answer = call_by_post(daphne, make_reader(), ping, **headers)
    assert (answered, answer["error"]["code"]) == (status, code)


def test_posts_of_strangers_and_oversized_ones_are_refused(daphne: WebServer) -> None:
    assert call_by_post(daphne, None, b"{}")[0] == 401
    assert call_by_post(daphne, make_reader(), b" " * 70_000)[0] == 413
    assert get(f"{daphne.url}/rpc/", make_reader())[0] == 405


def _threads_of(pid: int) -> int:
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("Threads:"))
