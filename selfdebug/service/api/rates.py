"""How many requests a key may still make: counted over the last minute, on Redis for all servers where there is one."""

import math
import threading
import time
from dataclasses import dataclass

from limits import RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter

_WINDOW_S = 60.0
_REDIS_TIMEOUT_S = 0.5
_REDIS_PAUSE_S = 5.0


@dataclass(frozen=True)
class Allowance:
    """What a key has left.

    Attributes:
        allowed: Whether this request may pass.
        reset_s: Whole seconds until it has more; at least 1 where the request may not pass.
    """

    allowed: bool
    limit: int
    remaining: int
    reset_s: int

    def headers(self) -> dict[str, str]:
        """The headers that tell of it (draft-ietf-httpapi-ratelimit-headers)."""
        told = {
            "RateLimit-Policy": f'"key";q={self.limit};w={_WINDOW_S:.0f}',
            "RateLimit": f'"key";r={self.remaining};t={self.reset_s}',
        }
        return told if self.allowed else told | {"Retry-After": str(self.reset_s)}


class Rates:
    """Counts requests. Safe in threads.

    When Redis is away each server counts for itself: a lost Redis neither locks anybody out nor opens the gate.

    Args:
        redis_url: Empty to count in this process alone.
    """

    def __init__(self, redis_url: str = "") -> None:
        self._own = MovingWindowRateLimiter(MemoryStorage())
        self._lock = threading.Lock()
        self._shared: MovingWindowRateLimiter | None = None
        self._shared_from = 0.0
        if redis_url:
            storage = RedisStorage(
                redis_url,
                wrap_exceptions=True,
                key_prefix="selfdebug:rate",
                socket_timeout=_REDIS_TIMEOUT_S,
                socket_connect_timeout=_REDIS_TIMEOUT_S,
            )
            self._shared = MovingWindowRateLimiter(storage)

    def take(self, key: str, per_minute: int) -> Allowance:
        """Count one request of this key, if it may make one."""
        if self._shared and time.monotonic() >= self._shared_from:
            try:
                return _take(self._shared, key, per_minute)
            except StorageError:
                self._shared_from = time.monotonic() + _REDIS_PAUSE_S
        with self._lock:
            return _take(self._own, key, per_minute)


def _take(limiter: MovingWindowRateLimiter, key: str, per_minute: int) -> Allowance:
    item = RateLimitItemPerMinute(per_minute)
    allowed = limiter.hit(item, key)
    window = limiter.get_window_stats(item, key)
    wait_s = window.reset_time - time.time()
    if wait_s > _WINDOW_S + 1:  # the clock was put back: what was counted before would lock the key out until then
        limiter.clear(item, key)
        allowed = limiter.hit(item, key)
        wait_s = _WINDOW_S
    return Allowance(allowed, per_minute, max(window.remaining, 0), min(max(math.ceil(wait_s), 1), round(_WINDOW_S)))
