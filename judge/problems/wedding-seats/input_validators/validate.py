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


(n,) = row(lines[0], (1, 14))
assert len(lines) == n + 1
table = [line.split(" ") for line in lines[1:]]
for i, words in enumerate(table):
    assert len(words) == n and words[i] == "0"
    for j, word in enumerate(words):
        assert word == table[j][i] and (word == "x" or whole(word, -1000, 1000) is not None)
sys.exit(42)
