wanted, appeared = input().strip(), input().strip()
print("yes" if set(wanted) == set(appeared) and len(wanted) <= len(appeared) else "no")
