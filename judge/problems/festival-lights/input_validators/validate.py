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


n, q = row(lines[0], (1, 10**5), (1, 3000))
assert len(lines) == q + 1
for line in lines[1:]:
    kind, left, right = line.split(" ")
    assert kind in ("s", "c")
    whole(right, whole(left, 1, n), n)
sys.exit(42)
