import sys

data = list(map(int, sys.stdin.read().split()))
owed = 0
for due, back in zip(data[1::2], data[2::2]):
    late = max(0, back - due)
    owed += min(500, 2 * min(late, 10) + 5 * max(0, late - 10))
print(owed)
