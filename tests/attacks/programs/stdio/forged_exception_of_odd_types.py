# Tries: report an exception whose fields have the wrong types, so that the answer cannot be written
# Suite: stdio
# Input: "1\n"
# Output: "2\n"
# Expect: error tampered failed crashed
import json
import os

for exception in ({"type": [], "message": {}, "traceback": 7, "line": "x"},):
    body = json.dumps({"syntax": False, "exception": exception}).encode()
    os.write(3, len(body).to_bytes(4, "big") + body)
