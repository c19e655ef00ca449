"""Rules about addresses and headers, without a database."""

import socket
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from notifications.channels.retry_after import parse_retry_after
from notifications.webhooks import guarded_http


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.1", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
        "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1", "2001:db8::1",
    ],
)  # fmt: skip
def test_addresses_that_are_not_of_the_open_internet(address: str) -> None:
    assert not guarded_http.is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1"])
def test_addresses_of_the_open_internet(address: str) -> None:
    assert guarded_http.is_public(address)


def answers(*addresses: str) -> list[Any]:
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in addresses]


def test_a_name_that_leads_elsewhere_at_the_second_question_gains_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: the connection goes to the address that was checked, and the name is not asked again."""
    told = iter([answers("93.184.216.34"), answers("127.0.0.1")])
    connected: list[str] = []

    def connect(address: tuple[str, int], timeout: float) -> socket.socket:
        connected.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(guarded_http.socket, "getaddrinfo", lambda *asked, **how: next(told))
    monkeypatch.setattr(guarded_http.socket, "create_connection", connect)
    with pytest.raises(ConnectionRefusedError):
        guarded_http.post("https://rebinding.example/", b"", {}, timeout_seconds=1)
    assert connected == ["93.184.216.34"]
    with pytest.raises(guarded_http.RefusedAddress):
        guarded_http.post("https://rebinding.example/", b"", {}, timeout_seconds=1)


def test_one_private_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarded_http.socket, "getaddrinfo", lambda *a, **k: answers("93.184.216.34", "10.0.0.1"))
    with pytest.raises(guarded_http.RefusedAddress):
        guarded_http.public_addresses("mixed.example", 443)


def test_the_next_address_is_tried_where_the_first_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    def connect(address: tuple[str, int], timeout: float) -> socket.socket:
        tried.append(address[0])
        raise TimeoutError

    monkeypatch.setattr(guarded_http.socket, "getaddrinfo", lambda *a, **k: answers("93.184.216.34", "1.1.1.1"))
    monkeypatch.setattr(guarded_http.socket, "create_connection", connect)
    with pytest.raises(TimeoutError):
        guarded_http.post("https://two.example/", b"", {}, timeout_seconds=1)
    assert tried == ["93.184.216.34", "1.1.1.1"]


@pytest.mark.parametrize("beginning", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n"])
def test_an_answer_that_drips_is_cut_off_in_time(settings: Any, beginning: bytes) -> None:
    settings.WEBHOOK_ALLOW_HTTP = settings.WEBHOOK_ALLOW_PRIVATE = True
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            peer, _ = server.accept()
            with peer, suppress(OSError):
                peer.sendall(beginning)
                while not done.wait(0.1):
                    peer.sendall(b"H")

        thread = threading.Thread(target=drip)
        thread.start()
        began = time.monotonic()
        with pytest.raises(TimeoutError, match=r"no whole answer within 0\.5 s"):
            guarded_http.post(f"http://127.0.0.1:{server.getsockname()[1]}/", b"{}", {}, timeout_seconds=0.5)
        assert time.monotonic() - began < 1.5
        done.set()
        thread.join()


def test_retry_after_in_its_two_forms() -> None:
    assert parse_retry_after("120") == timedelta(seconds=120)
    assert parse_retry_after("99999999999999") == timedelta(days=1)
    later = datetime.now(UTC) + timedelta(minutes=10)
    wait = parse_retry_after(later.strftime("%a, %d %b %Y %H:%M:%S GMT"))
    assert wait is not None
    assert timedelta(minutes=9) < wait <= timedelta(minutes=10)
    assert parse_retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == timedelta(0)
    for nonsense in ("", "soon", "-5", "1.5"):
        assert parse_retry_after(nonsense) is None
