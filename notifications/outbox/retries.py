"""When a delivery that failed is tried again."""

import random
from datetime import timedelta

FIRST_DELAY = timedelta(seconds=15)
LONGEST_DELAY = timedelta(hours=4)
MAX_ATTEMPTS = 18
"""With the delays above, between 24 and 33 hours pass before something is given up."""


def next_delay(attempt_count: int, *, retry_after: timedelta | None = None) -> timedelta | None:
    """How long to wait after so many attempts, or None to give up.

    Doubles each time, with jitter over the upper quarter, so that what failed together does not come back together
    (Brooker, "Exponential backoff and jitter"). Never sooner than the provider asked for.
    """
    if attempt_count >= MAX_ATTEMPTS:
        return None
    full = min(FIRST_DELAY * 2 ** max(attempt_count - 1, 0), LONGEST_DELAY)
    delay = full * random.uniform(0.75, 1)  # noqa: S311  (jitter, not a secret)
    return max(delay, retry_after) if retry_after is not None else delay
