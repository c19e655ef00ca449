n = int(input())
print(1, int((n - 1) ** 0.5))
