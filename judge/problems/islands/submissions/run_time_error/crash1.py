import sys

rows = sys.stdin.read().split()
r, c = int(rows[0]), int(rows[1])
land = [list(row) for row in rows[2:]]


def sink(y, x):
    if not (0 <= y < r and 0 <= x < c) or land[y][x] != "#":
        return 0
    land[y][x] = "."
    return 1 + sink(y - 1, x) + sink(y + 1, x) + sink(y, x - 1) + sink(y, x + 1)


sizes = [size for y in range(r) for x in range(c) if (size := sink(y, x))]
print(len(sizes), max(sizes, default=0))
