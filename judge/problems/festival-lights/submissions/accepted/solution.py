import sys

lines = sys.stdin.read().split("\n")
n, q = map(int, lines[0].split())
lamps, out = 0, []
for line in lines[1 : q + 1]:
    what, left, right = line.split()
    left, right = int(left), int(right)
    mask = (1 << (right - left + 1)) - 1
    if what == "s":
        lamps ^= mask << left
    else:
        out.append((lamps >> left & mask).bit_count())
print("\n".join(map(str, out)))
