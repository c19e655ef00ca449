from math import isqrt

n = int(input())
for a in range(isqrt(n) + 1):
    b = isqrt(n - a * a)
    if a * a + b * b == n:
        print(a, b)
        break
    if a * a * 2 > n:
        print("impossible")
        break
else:
    print("impossible")
