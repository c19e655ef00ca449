import sys

data = list(map(int, sys.stdin.read().split()))
n, wet = data[0], set(data[2:])
a, b, c = 0, 0, 1
for step in range(1, n + 1):
    a, b, c = b, c, 0 if step in wet else (a + b + c) % 998244353
print(c)
