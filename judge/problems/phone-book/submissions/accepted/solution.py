import sys
from bisect import bisect_left

numbers = sys.stdin.read().split()[1:]
ordered = sorted(numbers)
out = []
for number in numbers:
    first = bisect_left(ordered, number)
    out.append(bisect_left(ordered, number + ":") - first - 1)
print("\n".join(map(str, out)))
