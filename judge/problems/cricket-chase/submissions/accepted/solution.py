runs, balls, wickets = map(int, input().split())
out, *chances = (int(word) / 100 for word in input().split())
scores = list(zip((0, 1, 2, 4, 6), chances))
# chance[w][r]: of making r runs with w wickets and the balls so far
chance = [[1.0 if r == 0 else 0.0 for r in range(runs + 1)] for _ in range(wickets + 1)]
for _ in range(balls):
    after = [[1.0] + [0.0] * runs for _ in range(wickets + 1)]
    for w in range(1, wickets + 1):
        row, lower = chance[w], chance[w - 1]
        for r in range(1, runs + 1):
            after[w][r] = out * (lower[r] if w > 1 else 0.0) + sum(p * row[max(0, r - s)] for s, p in scores)
    chance = after
print(f"{chance[wickets][runs]:.9f}")
