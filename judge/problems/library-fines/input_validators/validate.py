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


(n,) = row(lines[0], (1, 10**4))
assert len(lines) == n + 1
for line in lines[1:]:
    row(line, (1, 10**6), (1, 10**6))
sys.exit(42)
