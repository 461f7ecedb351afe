# Tries: report an exception of its own making over the channel
# Suite: stdio
# Input: "1\n"
# Output: "2\n"
# Expect: failed error tampered
import json
import os

print(7, flush=True)
for exception in ({"type": [], "message": {}, "traceback": 7, "line": "x"}, {"type": "x" * 10**5}, []):
    body = json.dumps({"syntax": True, "exception": exception}).encode()
    os.write(3, len(body).to_bytes(4, "big") + body)
body = json.dumps({"syntax": False, "exception": {"type": "E", "message": "", "traceback": "", "line": 0}}).encode()
os.write(3, len(body).to_bytes(4, "big") + body)
