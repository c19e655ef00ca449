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
n, k = row(first, (1, 10**5), (0, 10**5))
assert k <= n
assert len(set(row(second, *[(1, n)] * k))) == k if k else second == ""
sys.exit(42)
