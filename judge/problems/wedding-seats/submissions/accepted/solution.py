n = int(input())
joy = [[None if word == "x" else int(word) for word in input().split()] for _ in range(n)]
best = [[None] * n for _ in range(1 << n)]
for i in range(n):
    best[1 << i][i] = 0
for seated in range(1, 1 << n):
    row = best[seated]
    for last in range(n):
        so_far = row[last]
        if so_far is None:
            continue
        table = joy[last]
        for i in range(n):
            if seated >> i & 1 or table[i] is None:
                continue
            after = best[seated | 1 << i]
            if after[i] is None or after[i] < so_far + table[i]:
                after[i] = so_far + table[i]
found = [value for value in best[-1] if value is not None]
print(max(found) if found else "impossible")
