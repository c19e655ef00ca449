import sys

data = list(map(int, sys.stdin.read().split()))
owed = 0
for due, back in zip(data[1::2], data[2::2]):
    late = max(0, back - due)
    owed += min(500, 2 * late if late <= 10 else 5 * late)
print(owed)
