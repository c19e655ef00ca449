import sys

data = list(map(int, sys.stdin.buffer.read().split()))
n, m, start, end = data[:4]
print(abs(end - start) if m >= n - 1 else -1)
