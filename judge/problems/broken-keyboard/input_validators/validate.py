import sys

lines = sys.stdin.read().split("\n")
assert lines.pop() == ""  # the last line ends too


assert len(lines) == 2
for word in lines:
    assert 1 <= len(word) <= 100_000 and word.isascii() and word.isalpha() and word.islower()
sys.exit(42)
