import sys

sys.setrecursionlimit(10**6)
data = list(map(int, sys.stdin.read().split()))
n, wet = data[0], data[2:]


def ways(step):
    if step == 0:
        return 1
    if step < 0 or step in wet:
        return 0
    return ways(step - 1) + ways(step - 2) + ways(step - 3)


print(ways(min(n, 40)) % 1_000_000_007)
