"""Rules about addresses and headers, without a database."""

from datetime import UTC, datetime, timedelta

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
