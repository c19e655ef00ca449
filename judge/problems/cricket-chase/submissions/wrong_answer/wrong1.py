runs, balls, wickets = map(int, input().split())
out, *chances = (int(word) / 100 for word in input().split())
expected = balls * sum(score * chance for score, chance in zip((0, 1, 2, 4, 6), chances))
print(1.0 if expected >= runs else 0.0)
