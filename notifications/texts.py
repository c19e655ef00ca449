"""What a text must be for a database to hold it, and to be asked for it."""

import re

_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")


def is_storable(text: str) -> bool:
    """Whether it is without NUL, which PostgreSQL has no place for, and without halves of characters (surrogates)."""
    return _NOT_STORABLE.search(text) is None
