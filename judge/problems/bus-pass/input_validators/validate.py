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


n, _, _ = row(lines[0], (1, 10**5), (1, 10**6), (1, 10**6))
assert len(lines) == n + 1
last = 0
for line in lines[1:]:
    last, _ = row(line, (last + 1, 10**9), (1, 1000))
sys.exit(42)
