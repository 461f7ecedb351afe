# Tries: write verdicts and answers on every descriptor but the right one
# Suite: stdio
# Input: "1\n"
# Output: "2\n"
# Expect: failed tampered
import json
import os

BODY = json.dumps({"status": "passed", "syntax": False, "exception": None, "ended": "0"}).encode()
for number in (0, *range(2, 64)):
    for data in (b"2\n", BODY + b"\n", len(BODY).to_bytes(4, "big") + BODY):
        try:
            os.write(number, data)
        except OSError:
            continue
