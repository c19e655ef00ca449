import sys

rows = sys.stdin.read().split()
r, c = int(rows[0]), int(rows[1])
width = c + 1
land = bytearray((".".join(rows[2:]) + "." * (width + 1)).encode())
count = largest = 0
for start in range(r * width):
    if land[start] != 35:
        continue
    count += 1
    size, waiting = 0, [start]
    land[start] = 46
    while waiting:
        at = waiting.pop()
        size += 1
        for to in (at - 1, at + 1, at - width, at + width):
            if to >= 0 and land[to] == 35:
                land[to] = 46
                waiting.append(to)
    largest = max(largest, size)
print(count, largest)
