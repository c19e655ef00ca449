from itertools import groupby


def runs(word):
    return [(letter, len(list(group))) for letter, group in groupby(word)]


wanted, appeared = runs(input().strip()), runs(input().strip())
fits = len(wanted) == len(appeared) and all(a == b and n <= m for (a, n), (b, m) in zip(wanted, appeared))
print("yes" if fits else "no")
