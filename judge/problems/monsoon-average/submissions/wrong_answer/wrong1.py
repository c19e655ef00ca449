import sys

data = sys.stdin.read().split()
k = int(data[1])
rain = [float(word) for word in data[2:]]
print(f"{max(sum(rain[i : i + k]) / k for i in range(0, len(rain) - k + 1, k)):.2f}")
