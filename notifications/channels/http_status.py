"""What an HTTP provider's status means for a message."""

from notifications.channels.base import PermanentFailure, ProviderDown, TemporaryFailure
from notifications.channels.retry_after import parse_retry_after


def failure_of(status: int, text: str, retry_after: str = "") -> TemporaryFailure | PermanentFailure:
    """What an HTTP status says of the message and of the provider (RFC 9110 section 15)."""
    words, code, wait = f"{status} {text}".strip(), str(status), parse_retry_after(retry_after)
    if status in (401, 402, 403, 404, 405, 407) or 300 <= status < 400:
        # The account or the address of the gateway is wrong, not the message: waits until someone mends it.
        return ProviderDown(words, code=code, retry_after=wait)
    if status in (429, 503):
        return ProviderDown(words, code=code, retry_after=wait)
    if status in (408, 409, 425) or status >= 500:
        return TemporaryFailure(words, code=code, retry_after=wait)
    return PermanentFailure(words, code=code)
