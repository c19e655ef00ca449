n = int(input())
low, high = 1, n
while True:
    middle = (low + high) // 2
    print("?", middle, flush=True)
    answer = input()
    if answer == "found":
        break
    if answer == "lower":
        high = middle - 1
    else:
        low = middle + 1
