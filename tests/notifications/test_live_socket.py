"""The WebSocket: subscribing, resuming, and what each kind of bad input is answered with."""

import json

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame, Opcode

from tests.notifications.live import append, live_client, make_reader, make_stream
from tests.servers.web import WebServer


def test_events_arrive_live_and_in_order(daphne: WebServer) -> None:
    asha = make_reader()
    stream = make_stream(asha)
    with live_client(daphne.ws_url, asha) as client:
        assert client.call("streams.subscribe", stream=stream, after=0) == {"stream": stream, "seq": 0}
        for n in range(20):
            append(stream, n)
        assert client.numbers_until(20) == list(range(20))
        assert [event["seq"] for event in client.events] == list(range(1, 21))
        assert set(client.events[0]) == {"seq", "type", "at", "data"}


def test_a_cursor_resumes_after_what_was_seen(daphne: WebServer) -> None:
    asha = make_reader()
    stream = make_stream(asha)
    append(stream, *range(5))
    with live_client(daphne.ws_url, asha) as client:
        client.call("streams.subscribe", stream=stream, after=3)
        append(stream, 5)
        assert client.numbers_until(3) == [3, 4, 5]


def test_without_a_cursor_only_new_events_come(daphne: WebServer) -> None:
    asha = make_reader()
    stream = make_stream(asha)
    append(stream, 0, 1)
    with live_client(daphne.ws_url, asha) as client:
        assert client.call("streams.subscribe", stream=stream)["seq"] == 2
        append(stream, 2)
        assert client.numbers_until(1) == [2]


def test_a_long_history_comes_whole(daphne: WebServer) -> None:
    asha = make_reader()
    stream = make_stream(asha)
    for start in range(0, 2500, 500):
        append(stream, *range(start, start + 500), size=100)
    with live_client(daphne.ws_url, asha) as client:
        client.call("streams.subscribe", stream=stream, after=0)
        assert client.numbers_until(2500) == list(range(2500))


def test_a_cursor_ahead_of_the_log_is_reset(daphne: WebServer) -> None:
    asha = make_reader()
    stream = make_stream(asha)
    append(stream, 0)
    with live_client(daphne.ws_url, asha) as client:
        assert client.call("streams.subscribe", stream=stream, after=99)["seq"] == 1
        assert client.notices == [{"jsonrpc": "2.0", "method": "reset", "params": {"stream": stream, "seq": 1}}]


def test_after_unsubscribing_nothing_comes(daphne: WebServer) -> None:
    asha = make_reader()
    stream = make_stream(asha)
    with live_client(daphne.ws_url, asha) as client:
        client.call("streams.subscribe", stream=stream, after=0)
        client.call("streams.unsubscribe", stream=stream)
        append(stream, 1)
        with pytest.raises(TimeoutError):
            client.receive(0.5)


def test_a_stream_one_may_not_read_and_one_that_does_not_exist_answer_alike(daphne: WebServer) -> None:
    asha, ravi = make_reader(), make_reader()
    secret = make_stream(ravi)
    with live_client(daphne.ws_url, asha) as client:
        names = [
            secret,
            "room:99999999",
            "room:",
            "room:x",
            "nothing",
            "control",
            "inbox:0x1",
            ":",
            "room:" + "9" * 400,
        ]
        answers = [client.ask("streams.subscribe", stream=name)["error"] for name in names]
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["data"]["code"] == "unknown_stream"


@pytest.mark.parametrize(
    ("frame", "number", "code"),
    [
        ("{", -32700, "parse_error"),
        ("", -32700, "parse_error"),
        ("[]", -32600, "invalid_request"),
        ("7", -32600, "invalid_request"),
        ('{"method": "ping", "id": 1}', -32600, "invalid_request"),
        ('{"jsonrpc": "2.0", "method": 5, "id": 1}', -32600, "invalid_request"),
        ('{"jsonrpc": "2.0", "method": "ping", "id": {}}', -32600, "invalid_request"),
        ('{"jsonrpc": "2.0", "method": "ping", "params": [1], "id": 1}', -32602, "invalid_params"),
        ('{"jsonrpc": "2.0", "method": "nothing", "id": 1}', -32601, "unknown_method"),
        ('{"jsonrpc": "2.0", "method": "__init__", "id": 1}', -32601, "unknown_method"),
        ('{"jsonrpc": "2.0", "method": "streams.subscribe", "id": 1}', -32602, "invalid_params"),
        ('{"jsonrpc": "2.0", "method": "streams.subscribe", "params": {"stream": "room:1", "after": -1}, "id": 1}',
         -32602, "invalid_params"),
        ('{"jsonrpc": "2.0", "method": "streams.subscribe", "params": {"stream": "room:1", "after": true}, "id": 1}',
         -32602, "invalid_params"),
        ('{"jsonrpc": "2.0", "method": "streams.ack", "params": {"seqs": {"room:1": "1"}}, "id": 1}',
         -32602, "invalid_params"),
    ],
)  # fmt: skip
def test_bad_calls_are_answered_as_json_rpc_says(daphne: WebServer, frame: str, number: int, code: str) -> None:
    with live_client(daphne.ws_url, make_reader()) as client:
        client.socket.send(frame)
        answer = client.receive()
        assert answer is not None
        assert (answer["error"]["code"], answer["error"]["data"]["code"]) == (number, code)
        assert client.call("ping") == {}


def test_a_batch_is_answered_by_one_array_and_notifications_by_nothing(daphne: WebServer) -> None:
    calls = [{"jsonrpc": "2.0", "method": "ping", "id": "a"}, {"jsonrpc": "2.0", "method": "ping"}, 5]
    with live_client(daphne.ws_url, make_reader()) as client:
        client.socket.send(json.dumps(calls))
        answers = json.loads(client.socket.recv(timeout=5))
    assert answers[0] == {"jsonrpc": "2.0", "id": "a", "result": {}}
    assert answers[1]["error"]["code"] == -32600
    assert len(answers) == 2


def test_a_batch_of_one_is_answered_by_an_array(daphne: WebServer) -> None:
    with live_client(daphne.ws_url, make_reader()) as client:
        client.socket.send('[{"jsonrpc": "2.0", "method": "ping", "id": "a"}]')
        assert json.loads(client.socket.recv(timeout=5)) == [{"jsonrpc": "2.0", "id": "a", "result": {}}]


def test_protocol_errors_close_with_their_codes_and_harm_no_one_else(daphne: WebServer) -> None:
    asha = make_reader()
    stream = make_stream(asha)
    with live_client(daphne.ws_url, asha) as bystander:
        bystander.call("streams.subscribe", stream=stream, after=0)
        with live_client(daphne.ws_url, asha) as client:
            client.socket.send("x" * (64 * 1024 + 1))
            assert _closed(client) == 1009
        with live_client(daphne.ws_url, asha) as client:
            with client.socket.protocol_mutex:
                client.socket.protocol.send_frame(Frame(Opcode.TEXT, b"\xff\xfe"))
                client.socket.send_data()
            assert _closed(client) == 1007
        append(stream, 1)
        assert bystander.numbers_until(1) == [1]


def test_a_foreign_page_is_refused_and_our_own_is_not(daphne: WebServer) -> None:
    asha = make_reader()
    with pytest.raises(InvalidStatus) as refused, live_client(daphne.ws_url, asha, origin="https://evil.example"):
        pass
    assert refused.value.response.status_code == 403
    with live_client(daphne.ws_url, asha, origin=daphne.url) as client:
        assert client.call("ping") == {}


def test_there_is_one_address_for_sockets_and_a_page_of_no_origin_is_refused(daphne: WebServer) -> None:
    asha = make_reader()
    for address, options in ((daphne.ws_url + "other", {}), (daphne.ws_url, {"origin": "null"})):
        with pytest.raises(InvalidStatus) as refused, live_client(address, asha, **options):
            pass
        assert refused.value.response.status_code == 403


def test_without_a_session_the_socket_closes_with_sign_in(daphne: WebServer) -> None:
    with live_client(daphne.ws_url, None) as client:
        assert _closed(client) == 4001


def test_too_many_calls_are_told_how_long_to_wait(daphne: WebServer) -> None:
    with live_client(daphne.ws_url, make_reader()) as client:
        for id_ in range(1, 1001):
            client.socket.send(f'{{"jsonrpc":"2.0","id":{id_},"method":"ping"}}')
        answers = [client.receive() for _ in range(1000)]
    refused = [answer["error"] for answer in answers if answer and "error" in answer]
    assert 0 < len(refused) < 700
    assert {error["data"]["code"] for error in refused} == {"rate_limited"}
    assert all(0 < error["data"]["retry_after"] < 5 for error in refused)


def test_what_is_no_call_counts_too(daphne: WebServer) -> None:
    with live_client(daphne.ws_url, make_reader()) as client:
        for _ in range(600):
            client.socket.send("{")
        codes = [json.loads(client.socket.recv(timeout=10))["error"]["data"]["code"] for _ in range(600)]
    assert set(codes) == {"parse_error", "rate_limited"}
    assert codes[0] == "parse_error"


def _closed(client: object) -> int:
    with pytest.raises(ConnectionClosed) as closed:
        client.socket.recv(timeout=10)  # type: ignore[attr-defined]
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code
