from itertools import permutations

n = int(input())
joy = [[None if word == "x" else int(word) for word in input().split()] for _ in range(n)]
best = None
for row in permutations(range(n)):
    pairs = [joy[a][b] for a, b in zip(row, row[1:])]
    if None not in pairs and (best is None or sum(pairs) > best):
        best = sum(pairs)
print("impossible" if best is None else best)
