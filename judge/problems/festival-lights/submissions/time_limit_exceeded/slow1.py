import sys

lines = sys.stdin.read().split("\n")
n, q = map(int, lines[0].split())
lamps = [0] * (n + 1)
for line in lines[1 : q + 1]:
    what, left, right = line.split()
    if what == "s":
        for i in range(int(left), int(right) + 1):
            lamps[i] ^= 1
    else:
        print(sum(lamps[int(left) : int(right) + 1]))
