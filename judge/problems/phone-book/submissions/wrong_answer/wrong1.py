import sys

numbers = sys.stdin.read().split()[1:]
ordered = sorted(numbers)
after = dict(zip(ordered, ordered[1:]))
for number in numbers:
    print(int(after.get(number, "").startswith(number)))
