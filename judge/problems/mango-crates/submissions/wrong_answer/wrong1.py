import sys

data = list(map(int, sys.stdin.read().split()))
print(max(max(data[2:]), -(-sum(data[2:]) // data[1])))
