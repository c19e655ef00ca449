import sys

RIGHT, WRONG = 42, 43
n = int(open(sys.argv[1]).read())
possible = open(sys.argv[2]).read().strip() != "impossible"
words = sys.stdin.read(1000).split()


def refuse(why):
    with open(sys.argv[3] + "/teammessage.txt", "w") as message:
        message.write(why)
    sys.exit(WRONG)


if words == ["impossible"]:
    if possible:
        refuse("There is a pair")
    sys.exit(RIGHT)
if len(words) != 2 or not all(word.isascii() and word.isdigit() and len(word) < 10 for word in words):
    refuse("Those are not two whole numbers")
if int(words[0]) ** 2 + int(words[1]) ** 2 != n:
    refuse("The squares do not add up to n")
sys.exit(RIGHT)
