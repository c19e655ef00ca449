import sys
from bisect import bisect_right

data = list(map(int, sys.stdin.read().split()))
n, price, single = data[:3]
days, rides = data[3::2], data[4::2]
best = [0] * (n + 1)
for i in range(n - 1, -1, -1):
    best[i] = min(best[i + 1] + rides[i] * single, best[bisect_right(days, days[i] + 6)] + price)
print(best[0])
