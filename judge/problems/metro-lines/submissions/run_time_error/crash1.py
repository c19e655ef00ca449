import sys

data = list(map(int, sys.stdin.buffer.read().split()))
n, m, start, end = data[:4]
near = [[] for _ in range(n + 1)]
for i in range(4, 4 + 2 * m, 2):
    near[data[i]].append(data[i + 1])
    near[data[i + 1]].append(data[i])
far = [-1] * (n + 1)


def visit(at, steps):
    far[at] = steps
    for to in near[at]:
        if far[to] < 0 or far[to] > steps + 1:
            visit(to, steps + 1)


visit(start, 0)
print(far[end])
