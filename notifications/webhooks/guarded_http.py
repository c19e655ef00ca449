"""HTTP to addresses that people typed: never into our own network, never by a detour.

The name is resolved once, every address it has must be public, and the connection goes to the address that was
checked: so a name that answers differently the second time (DNS rebinding) gains nothing. Redirects are not followed.
See OWASP's "Server-Side Request Forgery Prevention".
"""

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

ANSWER_BYTES = 4096
MOST_ADDRESSES = 4
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""RFC 6052: an IPv4 address in IPv6 clothes, private ones included."""


class RefusedAddress(ValueError):
    """The URL leads where we do not go; the words are for the person who typed it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other side said: the status, the beginning of the body, and its Retry-After header."""

    status: int
    text: str
    retry_after: str


def check_url(url: str) -> SplitResult:
    """The parts of a URL that may be posted to, judged by its form alone. Raises RefusedAddress."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise RefusedAddress("This is not a URL.") from None
    if parts.scheme != "https" and not (parts.scheme == "http" and settings.WEBHOOK_ALLOW_HTTP):
        raise RefusedAddress("The URL has to begin with https://.")
    if not parts.hostname:
        raise RefusedAddress("The URL names no host.")
    if parts.username or parts.password:
        raise RefusedAddress("The URL may not contain a password.")
    if port is not None and not 0 < port < 65536:
        raise RefusedAddress("The URL's port does not exist.")
    return parts


def public_addresses(host: str, port: int) -> list[str]:
    """The addresses of the host, all of them public, best first. Raises RefusedAddress, also where it has none."""
    try:
        found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (socket.gaierror, UnicodeError):
        raise RefusedAddress(f"There is no host {host}.") from None
    for address in found:
        if not settings.WEBHOOK_ALLOW_PRIVATE and not is_public(address):
            raise RefusedAddress(f"{host} is not a public address.")
    return list(dict.fromkeys(found))[:MOST_ADDRESSES]


def is_public(address: str) -> bool:
    """Whether the address is one of the open internet."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is not None:
            return is_public(str(inner))
        if ip in _NAT64:
            return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def post(url: str, body: bytes, headers: dict[str, str], *, timeout_seconds: float) -> Answer:
    """POST the body and read the beginning of the answer, all within that time.

    Raises:
        RefusedAddress: the URL leads where we do not go.
        OSError, http.client.HTTPException: no answer, or none that ended in time.
    """
    parts = check_url(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    addresses = public_addresses(host, port)
    connection = _PinnedConnection(host, port, addresses, parts.scheme == "https", timeout_seconds)
    # A socket's timeout begins again with each byte: one that answers a byte at a time would hold us for hours.
    alarm = threading.Timer(timeout_seconds, connection.abort)
    alarm.daemon = True
    alarm.start()
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body=body, headers=headers)
        response = connection.getresponse()
        text = response.read(ANSWER_BYTES).decode(errors="replace")
    except (OSError, ValueError, http.client.HTTPException) as error:
        if connection.is_aborted:
            raise TimeoutError(f"no whole answer within {timeout_seconds:g} s") from error
        raise
    finally:
        alarm.cancel()
        connection.close()
    if connection.is_aborted:
        raise TimeoutError(f"no whole answer within {timeout_seconds:g} s")
    return Answer(response.status, text, response.headers.get("Retry-After", ""))


class _PinnedConnection(http.client.HTTPConnection):
    """Speaks to the first of the checked addresses that answers, under the name that was asked for."""

    def __init__(self, host: str, port: int, addresses: Sequence[str], tls: bool, timeout_seconds: float) -> None:
        super().__init__(host, port, timeout=timeout_seconds)
        self._addresses = addresses
        self._tls = tls
        self.is_aborted = False

    def connect(self) -> None:
        patience = (self.timeout or 0) / len(self._addresses)
        for number, address in enumerate(self._addresses, start=1):
            try:
                self.sock = socket.create_connection((address, self.port), patience)
                break
            except OSError:
                if number == len(self._addresses) or self.is_aborted:
                    raise
        self.sock.settimeout(self.timeout)
        if self._tls:
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)
        if self.is_aborted:
            raise TimeoutError

    def abort(self) -> None:
        """Wake whoever reads or writes on it, in another thread, to find it closed."""
        self.is_aborted = True
        sock = self.sock
        if sock is not None:
            with suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)  # not the TLS one's own, which would wait for the peer
