import pytest

from judge.checkers import CHECKERS


@pytest.mark.parametrize(
    ("checker", "args", "expected", "output", "right"),
    [
        ("tokens", {}, b"1 2\n3\n", b"1   2 3", True),
        ("tokens", {}, b"1 2\n", b"1 2 3\n", False),
        ("tokens", {}, b"Yes\n", b"yes\n", False),
        ("tokens", {"case_sensitive": False}, b"Yes\n", b"YES", True),
        ("tokens", {}, b"", b" \n\n", True),
        ("tokens", {}, b"1", b"1\x00", False),
        ("lines", {}, b"a b\nc\n", b"a b  \nc\r\n\n\n", True),
        ("lines", {}, b"a b\n", b"a  b\n", False),
        ("lines", {}, b"a\n", b"\na\n", False),
        ("floats", {}, b"1.0 x", b"1.0000001 x", True),
        ("floats", {}, b"1.0", b"1.1", False),
        ("floats", {}, b"1000000", b"1000000.5", True),
        ("floats", {"absolute": 1e-6, "relative": 0}, b"1000000", b"1000000.5", False),
        ("floats", {}, b"1", b"nan", False),
        ("floats", {}, b"1", b"inf", False),
        ("floats", {}, b"inf", b"inf", True),
        ("floats", {}, b"1", b"1_0", False),
        ("floats", {}, b"1", b"", False),
        ("floats", {}, b"1", b"1" * 100_000, False),
        ("floats", {}, b"abc", b"abd", False),
        ("unordered", {}, b"1 2\n3\n", b"3\n1  2\n", True),
        ("unordered", {}, b"1\n1\n2\n", b"1\n2\n2\n", False),
        ("unordered", {}, b"1 2\n", b"2 1\n", False),
    ],
)
def test_checkers(checker: str, args: dict[str, object], expected: bytes, output: bytes, right: bool) -> None:
    assert CHECKERS[checker](expected, output, args) is right
