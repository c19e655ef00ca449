import sys

data = list(map(int, sys.stdin.read().split()))
n, price, single = data[:3]
days, rides = data[3::2], data[4::2]
total = i = 0
while i < n:
    j, count = i, 0
    while j < n and days[j] <= days[i] + 6:
        count += rides[j]
        j += 1
    if count * single >= price:
        total += price
        i = j
    else:
        total += rides[i] * single
        i += 1
print(total)
