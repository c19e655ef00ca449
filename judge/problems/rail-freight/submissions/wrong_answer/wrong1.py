import sys
from heapq import heappop, heappush

data = list(map(int, sys.stdin.buffer.read().split()))
n, m, k = data[:3]
near = [[] for _ in range(n + 1)]
for i in range(3, 3 + 4 * m, 4):
    a, b, minutes, tonnes = data[i : i + 4]
    if tonnes >= k:
        near[a].append((b, minutes))
        near[b].append((a, minutes))
best = [float("inf")] * (n + 1)
best[1] = 0
waiting = [(0, 1)]
while waiting:
    spent, at = heappop(waiting)
    for to, minutes in near[at]:
        if spent + minutes < best[to]:
            best[to] = spent + minutes
            heappush(waiting, (best[to], to))
print(best[n] if best[n] < float("inf") else -1)
