"""The Retry-After header of HTTP."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

LONGEST = timedelta(days=1)
"""A provider that asks for more is taken at this."""


def parse_retry_after(value: str) -> timedelta | None:
    """How long to wait, from seconds or an HTTP date (RFC 9110 section 10.2.3); None where it says nothing clear."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return min(timedelta(seconds=int(value[:9])), LONGEST)
    try:
        moment = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(moment - datetime.now(UTC), timedelta(0)), LONGEST)
