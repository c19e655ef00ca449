import sys

numbers = sys.stdin.read().split()[1:]
for number in numbers:
    print(sum(other.startswith(number) for other in numbers) - 1)
