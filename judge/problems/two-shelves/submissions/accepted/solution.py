import sys
from collections import Counter

data = list(map(int, sys.stdin.read().split()))
total, seen, pairs = data[1], Counter(), 0
for price in data[2:]:
    pairs += seen[total - price]
    seen[price] += 1
print(pairs)
