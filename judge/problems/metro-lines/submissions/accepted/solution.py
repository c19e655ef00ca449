import sys
from collections import deque

data = list(map(int, sys.stdin.buffer.read().split()))
n, m, start, end = data[:4]
near = [[] for _ in range(n + 1)]
for i in range(4, 4 + 2 * m, 2):
    near[data[i]].append(data[i + 1])
    near[data[i + 1]].append(data[i])
far = [-1] * (n + 1)
far[start] = 0
waiting = deque([start])
while waiting:
    at = waiting.popleft()
    for to in near[at]:
        if far[to] < 0:
            far[to] = far[at] + 1
            waiting.append(to)
print(far[end])
