"""What an HTTP provider's status means for a message."""

from datetime import timedelta

from notifications.channels.base import PermanentFailure, ProviderDown, TemporaryFailure
from notifications.channels.retry_after import parse_retry_after

TOO_MANY_PAUSE = timedelta(seconds=15)
"""After 429 without a Retry-After, such as every 429 through Apprise, which tells no headers: as long as an open
breaker first waits. To ask again after a second, as one that hung up once is asked, would only be too many again."""


def failure_of(status: int, text: str, retry_after: str = "") -> TemporaryFailure | PermanentFailure:
    """What an HTTP status says of the message and of the provider (RFC 9110 section 15)."""
    words, code, wait = f"{status} {text}".strip(), str(status), parse_retry_after(retry_after)
    if status in (401, 402, 403, 404, 405, 407) or 300 <= status < 400:
        # The account or the address of the gateway is wrong, not the message: waits until someone mends it.
        return ProviderDown(words, code=code, retry_after=wait)
    if status == 429:
        return ProviderDown(words, code=code, retry_after=wait if wait is not None else TOO_MANY_PAUSE)
    if status == 503:
        return ProviderDown(words, code=code, retry_after=wait)
    if status in (408, 409, 425) or status >= 500:
        return TemporaryFailure(words, code=code, retry_after=wait)
    return PermanentFailure(words, code=code)
