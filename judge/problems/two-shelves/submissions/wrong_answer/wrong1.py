import sys

data = list(map(int, sys.stdin.read().split()))
prices = set(data[2:])
print(sum(1 for p in prices if data[1] - p in prices) // 2)
