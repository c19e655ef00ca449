metres, hour = map(int, input().split())
fare = 25 + 15 * (max(0, metres - 2000) // 1000)
print(fare if 5 <= hour < 22 else fare * 3 // 2)
