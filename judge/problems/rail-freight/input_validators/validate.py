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


n, m, _ = row(lines[0], (2, 5 * 10**4), (1, 10**5), (1, 10**9))
assert len(lines) == m + 1
for line in lines[1:]:
    row(line, (1, n), (1, n), (1, 10**9), (1, 10**9))
sys.exit(42)
