import sys

data = list(map(int, sys.stdin.read().split()))
total, prices = data[1], data[2:]
print(sum(prices[i] + prices[j] == total for i in range(len(prices)) for j in range(i)))
