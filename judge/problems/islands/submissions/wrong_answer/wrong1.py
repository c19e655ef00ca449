import sys

rows = sys.stdin.read().split()
print(sum(row.count("#") for row in rows[2:]), 1)
