a, b = map(int, input().split())
print([a + b][abs(a) // 10**6])
