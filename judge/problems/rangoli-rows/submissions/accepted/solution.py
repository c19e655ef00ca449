n = int(input())
for y in range(-n, n + 1):
    print("".join("o.*"[0 if x == y == 0 else 2 - max(abs(x), abs(y)) % 2] for x in range(-n, n + 1)))
