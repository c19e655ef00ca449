metres, hour = map(int, input().split())
extra = max(0, metres - 2000)
fare = 25 + 15 * -(-extra // 1000)
if hour >= 22 or hour < 5:
    fare = -(-fare * 3 // 2)
print(fare)
