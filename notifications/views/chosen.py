"""The rows a form names."""

from collections.abc import Sequence

MOST_DIGITS = 18
"""What no database's big integer is too small for."""


def chosen_ids(named: Sequence[str]) -> list[int]:
    """The ids among the values of a form; what can be nobody's id is left out."""
    return [int(value) for value in named if value.isascii() and value.isdigit() and len(value) <= MOST_DIGITS]
