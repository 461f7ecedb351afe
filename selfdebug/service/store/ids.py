"""Ids that sort by the time they were made."""

import secrets
import threading
import time

_RANDOM_BITS = 80
_STEP_BITS = 32


class Ids:
    """Makes ids: 32 hexadecimal digits, the milliseconds since 1970 first. They rise even where the clock falls back.

    Args:
        above: The highest id that there is; empty where there is none.
    """

    def __init__(self, above: str = "") -> None:
        self._last = int(above, 16) if above else 0
        self._lock = threading.Lock()

    def new(self) -> str:
        with self._lock:
            now = time.time_ns() // 1_000_000 << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
            self._last = max(now, self._last + 1 + secrets.randbits(_STEP_BITS))
            return f"{self._last:032x}"
