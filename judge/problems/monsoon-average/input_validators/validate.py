import re
import sys

lines = sys.stdin.read().split("\n")
assert lines.pop() == ""  # the last line ends too


def whole(word, low, high):
    assert str(int(word)) == word and low <= int(word) <= high
    return int(word)


def row(line, *bounds):
    words = line.split(" ")
    assert len(words) == len(bounds)
    return [whole(word, low, high) for word, (low, high) in zip(words, bounds)]


first, second = lines
n, k = row(first, (1, 10**5), (1, 10**5))
words = second.split(" ")
assert k <= n == len(words)
for word in words:
    assert re.fullmatch(r"(0|[1-9][0-9]{0,3})(\.[0-9]{1,2})?", word) and float(word) <= 1000
sys.exit(42)
