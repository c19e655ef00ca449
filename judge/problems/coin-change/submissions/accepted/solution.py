k, total = map(int, input().split())
coins = list(map(int, input().split()))
reach, steps, edge = 1, 0, 1
mask = (1 << (total + 1)) - 1
while not reach >> total & 1:
    edge = 0
    for coin in coins:
        edge |= reach << coin
    edge &= mask
    steps += 1
    if edge | reach == reach:
        steps = -1
        break
    reach |= edge
print(steps)
