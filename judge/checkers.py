"""Whether an output is right. Bytes in, a bool out: nothing here runs a program or trusts its text."""

from collections import Counter
from collections.abc import Callable
from typing import Any

DEFAULT_TOLERANCE = 1e-6


def tokens(expected: bytes, output: bytes, args: dict[str, Any]) -> bool:
    """The same words in the same order; `case_sensitive` (default true)."""
    if not args.get("case_sensitive", True):
        expected, output = expected.lower(), output.lower()
    return expected.split() == output.split()


def lines(expected: bytes, output: bytes, args: dict[str, Any]) -> bool:
    """The same lines; blanks at their ends and empty lines at the end do not count."""
    return _lines(expected) == _lines(output)


def floats(expected: bytes, output: bytes, args: dict[str, Any]) -> bool:
    """The same words, where numbers may differ by `absolute` or by `relative` of the expected one."""
    absolute = float(args.get("absolute", DEFAULT_TOLERANCE))
    relative = float(args.get("relative", DEFAULT_TOLERANCE))
    wanted, given = expected.split(), output.split()
    return len(wanted) == len(given) and all(
        a == b or _close(a, b, absolute, relative) for a, b in zip(wanted, given, strict=True)
    )


def unordered(expected: bytes, output: bytes, args: dict[str, Any]) -> bool:
    """The same lines in any order; white space within them as for tokens."""
    wanted, given = (Counter(tuple(line.split()) for line in _lines(text)) for text in (expected, output))
    return wanted == given


CHECKERS: dict[str, Callable[[bytes, bytes, dict[str, Any]], bool]] = {
    "tokens": tokens,
    "lines": lines,
    "floats": floats,
    "unordered": unordered,
}


def _lines(text: bytes) -> list[bytes]:
    found = [line.rstrip() for line in text.split(b"\n")]
    while found and not found[-1]:
        found.pop()
    return found


def _close(wanted: bytes, given: bytes, absolute: float, relative: float) -> bool:
    a, b = _number(wanted), _number(given)
    if a is None or b is None:
        return False
    # Infinities differ by nan, and nan is close to nothing.
    return a == b or abs(a - b) <= max(absolute, relative * abs(a))


def _number(word: bytes) -> float | None:
    if b"_" in word or len(word) > 400:
        return None
    try:
        return float(word)
    except ValueError:
        return None
