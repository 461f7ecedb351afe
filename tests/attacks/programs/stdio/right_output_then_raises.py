# Tries: print what is right and raise
# Suite: stdio
# Input: "1\n"
# Output: "2\n"
# Expect: error
print(int(input()) + 1)
raise ValueError("late")
