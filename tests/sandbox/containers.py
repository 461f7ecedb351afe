"""What an engine says of the sandboxes' containers: a view from outside, by the label alone."""

import os
from typing import Any

from sandbox.docker import LABEL


def containers_of(client: Any, owner: int | None = None) -> set[str]:
    """The ids of the containers that a process owns, by default this one; stopped ones too."""
    listed = client.api.containers(all=True, filters={"label": LABEL})
    return {each["Id"] for each in listed if each["Labels"][LABEL].split(" ")[1] == str(owner or os.getpid())}


def running_in(client: Any, container: str) -> set[str]:
    """The names that the processes in a container have given themselves; none if it is gone."""
    from docker.errors import APIError

    try:
        return {line[-1] for line in client.api.top(container, ps_args="-o pid,comm")["Processes"]}
    except APIError:
        return set()


def sleeper(name: str, sleep_s: float) -> str:
    """A program whose `f` gives its process a name, sleeps, and returns 1."""
    return (
        "import time\ndef f():\n    try:\n"
        f"        with open('/proc/self/comm', 'w') as file:\n            file.write({name!r})\n"
        f"    except OSError:\n        pass  # gVisor refuses\n    time.sleep({sleep_s})\n    return 1\n"
    )
