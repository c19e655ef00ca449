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


n, m, a, b = row(lines[0], (1, 10**5), (0, 2 * 10**5), (1, 10**5), (1, 10**5))
assert len(lines) == m + 1 and max(a, b) <= n
for line in lines[1:]:
    row(line, (1, n), (1, n))
sys.exit(42)
