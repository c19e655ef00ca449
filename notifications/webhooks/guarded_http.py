"""HTTP to addresses that people typed: never into our own network, never by a detour.

The name is resolved once, every address it has must be public, and the connection goes to the address that was
checked: so a name that answers differently the second time (DNS rebinding) gains nothing. Redirects are not followed.
See OWASP's "Server-Side Request Forgery Prevention".
"""

import http.client
import ipaddress
import socket
import ssl
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

ANSWER_BYTES = 4096
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
    """The addresses of the host, all of them public. Raises RefusedAddress, also where the name has none."""
    try:
        found = {str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except (socket.gaierror, UnicodeError):
        raise RefusedAddress(f"There is no host {host}.") from None
    for address in found:
        if not settings.WEBHOOK_ALLOW_PRIVATE and not is_public(address):
            raise RefusedAddress(f"{host} is not a public address.")
    return sorted(found)


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
    """POST the body and read the beginning of the answer.

    Raises:
        RefusedAddress: the URL leads where we do not go.
        OSError, http.client.HTTPException: no answer.
    """
    parts = check_url(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = public_addresses(host, port)[0]
    connection = _PinnedConnection(host, port, address, parts.scheme == "https", timeout_seconds)
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body=body, headers=headers)
        response = connection.getresponse()
        text = response.read(ANSWER_BYTES).decode(errors="replace")
        return Answer(response.status, text, response.headers.get("Retry-After", ""))
    finally:
        connection.close()


class _PinnedConnection(http.client.HTTPConnection):
    """Speaks to the address that was checked, under the name that was asked for."""

    def __init__(self, host: str, port: int, address: str, tls: bool, timeout_seconds: float) -> None:
        super().__init__(host, port, timeout=timeout_seconds)
        self._address = address
        self._tls = tls

    def connect(self) -> None:
        raw = socket.create_connection((self._address, self.port), self.timeout)
        self.sock = ssl.create_default_context().wrap_socket(raw, server_hostname=self.host) if self._tls else raw
