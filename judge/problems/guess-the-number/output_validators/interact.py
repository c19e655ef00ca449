import sys

WRONG, RIGHT = 43, 42
n, secret = map(int, open(sys.argv[1]).read().split())


def refuse(why):
    with open(sys.argv[3] + "/teammessage.txt", "w") as message:
        message.write(why)
    sys.exit(WRONG)


try:
    print(n, flush=True)
    for _ in range(30):
        words = sys.stdin.readline(100).split()
        if len(words) != 2 or words[0] != "?" or not words[1].isascii() or not words[1].isdigit():
            refuse("That is not a question: " + " ".join(words)[:40])
        guess = int(words[1])
        print("found" if guess == secret else "lower" if secret < guess else "higher", flush=True)
        if guess == secret:
            sys.exit(RIGHT)
    refuse("More than 30 questions")
except BrokenPipeError:
    refuse("The program ended before the number was found")
