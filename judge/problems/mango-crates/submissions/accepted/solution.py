import sys

data = list(map(int, sys.stdin.read().split()))
days, weights = data[1], data[2:]


def trips(load):
    count, carried = 1, 0
    for weight in weights:
        if carried + weight > load:
            count, carried = count + 1, 0
        carried += weight
    return count


low, high = max(weights), sum(weights)
while low < high:
    middle = (low + high) // 2
    if trips(middle) <= days:
        high = middle
    else:
        low = middle + 1
print(low)
