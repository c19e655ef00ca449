import sys

data = list(map(int, sys.stdin.read().split()))
free, longest = 0, 0
for arrival in data[1:]:
    free = max(free, arrival) + 1
    longest = max(longest, free - arrival)
print(longest)
