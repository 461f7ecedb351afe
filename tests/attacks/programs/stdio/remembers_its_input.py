# Tries: keep the input of one case for the next
# Suite: stdio
# Input: "1\n"
# Output: "0\n"
# Input: "2\n"
# Output: "1\n"
# Expect: failed
import glob

found = [open(path).read().strip() for folder in ("/tmp", "/dev/shm", ".") for path in glob.glob(f"{folder}/kept")]
text = input()
for folder in ("/tmp", "/dev/shm", "."):
    with open(f"{folder}/kept", "w") as file:
        file.write(text)
print(*(found or ["nothing"]))
