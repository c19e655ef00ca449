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


r, c = row(lines[0], (1, 1000), (1, 1000))
assert len(lines) == r + 1 and r * c <= 10**6
for line in lines[1:]:
    assert len(line) == c and set(line) <= set("#.")
sys.exit(42)
