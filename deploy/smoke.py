"""Solves a real problem through the service that `deploy/up` has started, as any client would: over its published port.

Makes an API key for it, and revokes it. Prints the solution; the exit status is 0 only if the job is solved.
"""

import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[1]
_WAIT_S = float(os.environ.get("WAIT_S", "600"))


def main() -> None:
    """Make a key, solve, revoke it."""
    made = _in_api("selfdebug", "keys", "create", "smoke")
    name = made.stderr.split("made ", 1)[1].split(" ", 1)[0]
    try:
        _solve(made.stdout.strip())
    finally:
        _in_api("selfdebug", "keys", "revoke", name)


def _solve(key: str) -> None:
    began = time.monotonic()
    body = {
        "problem": json.loads((_ROOT / "deploy" / "smoke.json").read_text()),
        "options": {"feedback": "unit-test", "budget": {"turns": 8}},
    }
    job = _ask(key, "/v1/jobs", body)
    print(f"smoke: job {job['id']} accepted", file=sys.stderr)
    while job["status"] in ("queued", "running"):
        if time.monotonic() - began > _WAIT_S:
            sys.exit(f"smoke: not solved after {_WAIT_S:g} s: {job}")
        job = _ask(key, f"/v1/jobs/{job['id']}?wait=20")
    if job["status"] != "solved":
        sys.exit(f"smoke: {job['status']}: {job}")
    print(f"smoke: solved in {time.monotonic() - began:.1f} s", file=sys.stderr)
    print(_ask(key, f"/v1/jobs/{job['id']}/solution"))


def _ask(key: str, path: str, body: object = None) -> Any:
    url = f"http://{_setting('API_ADDRESS')}:{_setting('API_PORT')}{path}"
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=60) as response:
        text = response.read().decode()
        return json.loads(text) if "json" in response.headers["Content-Type"] else text


def _in_api(*command: str) -> subprocess.CompletedProcess[str]:
    listed = subprocess.run(
        ["docker", "ps", "--quiet", *_filters("api")], check=True, capture_output=True, text=True
    ).stdout.split()
    if not listed:
        sys.exit("smoke: the service does not run; start it with `make up`")
    return subprocess.run(["docker", "exec", listed[0], *command], check=True, capture_output=True, text=True)


def _filters(service: str) -> list[str]:
    project = os.environ.get("COMPOSE_PROJECT_NAME", "selfdebug")
    labels = (f"com.docker.compose.project={project}", f"com.docker.compose.service={service}")
    return [part for label in labels for part in ("--filter", f"label={label}")]


def _setting(name: str) -> str:
    if os.environ.get(name):
        return os.environ[name]
    lines = (_ROOT / os.environ.get("ENV_FILE", ".env")).read_text().splitlines()
    return next(line.partition("=")[2] for line in reversed(lines) if line.startswith(f"{name}="))


if __name__ == "__main__":
    main()
