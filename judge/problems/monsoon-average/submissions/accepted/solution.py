import sys

data = sys.stdin.read().split()
k = int(data[1])
rain = [round(float(word) * 100) for word in data[2:]]
window = best = sum(rain[:k])
for i in range(k, len(rain)):
    window += rain[i] - rain[i - k]
    best = max(best, window)
print(f"{best / k / 100:.9f}")
