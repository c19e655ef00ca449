import sys

lines = sys.stdin.read().split("\n")
n, q = map(int, lines[0].split())
lit = 0
for line in lines[1 : q + 1]:
    what, left, right = line.split()
    if what == "s":
        lit = max(0, int(right) - int(left) + 1 - lit)
    else:
        print(lit)
