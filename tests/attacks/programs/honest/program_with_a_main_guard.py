# Tries: be a whole program with a main function, a guard and an exit with status 0
# Suite: stdio
# Input: "1 2\n"
# Output: "3\n"
# Input: "-1 1\n"
# Output: "0\n"
# Expect: passed
import sys


def main():
    print(sum(map(int, sys.stdin.readline().split())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
