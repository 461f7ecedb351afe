"""Telling somebody's server that a job has ended: Standard Webhooks, signed, retried, and to public addresses only.

A message says how the job ended and holds no code. It is delivered at least once; `webhook-id` is the same each time.
See https://www.standardwebhooks.com.
"""

import asyncio
import base64
import binascii
import hashlib
import hmac
import json
import os
import random
import secrets
import ssl
import time
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv6Address
from pathlib import Path

import httpx

from selfdebug.errors import SelfDebugError
from selfdebug.service.addresses import Address, Refused, refuse_local, resolve
from selfdebug.service.records import Job

MAX_URL = 2048
# The retry schedule that Standard Webhooks recommends: about three days in all.
DELAYS_S = (5.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0)
_JITTER = 0.2
_ATTEMPT_S = 15.0
_CONNECT_S = 4.0  # to one address: time is left for the next
_ADDRESSES_TRIED = 3
_SECRET_FILE = "webhook-secret"
_PREFIX = "whsec_"


class BadSecret(SelfDebugError):
    """The webhook secret can't be read or used; the message says what to do."""


class Verdict(StrEnum):
    """What became of one attempt."""

    DELIVERED = "delivered"
    FAILED = "failed"  # may go well another time
    HOPELESS = "hopeless"  # a refused address, or the receiver wants no more


@dataclass(frozen=True)
class Attempt:
    """One attempt; `detail` says in a few words what happened, and holds nothing that the receiver sent."""

    verdict: Verdict
    detail: str


def check_url(url: str, *, private: bool = False) -> None:
    """Tell at once of a webhook that can never be delivered. Names are resolved only when it is.

    Args:
        private: Private and loopback addresses are allowed.

    Raises:
        ValueError: It is not a URL that can be called; the message says what was expected.
    """
    if len(url) > MAX_URL:
        raise ValueError(f"is longer than {MAX_URL:,} characters")
    try:
        parsed = httpx.URL(url)
        host, port = parsed.raw_host.decode("ascii"), parsed.port
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        raise ValueError(f"is not a URL: {error}") from None
    if parsed.scheme not in ("http", "https"):
        raise ValueError("expected a URL that begins with https:// or http://")
    if "%" in host or not _may_be_host(host):
        raise ValueError("has no host name that can be used")
    if port is not None and not 0 < port < 65_536:
        raise ValueError("its port is not between 1 and 65535")
    if parsed.userinfo:
        raise ValueError("holds a user name or password; a webhook is signed instead")
    if parsed.fragment:
        raise ValueError("has a fragment (#…), which is never sent; leave it out")
    if not private:
        try:
            refuse_local(host)
        except Refused as error:
            raise ValueError(f"{error}; webhooks go to public addresses only") from None


def _may_be_host(host: str) -> bool:
    """Whether a name could be looked up at all (RFC 1035, section 2.3.4)."""
    labels = host.removesuffix(".").split(".")
    return ":" in host or (len(host) <= 254 and all(0 < len(label) <= 63 for label in labels))


def message(job: Job) -> bytes:
    """The body that tells of this job's end: the same bytes at every attempt."""
    progress, ended = job.progress, job.finished_at
    content = {
        "type": "job.finished",
        "timestamp": ended.isoformat() if ended else None,
        "data": {
            "id": job.id,
            "status": job.status.value,
            "reason": job.reason,
            "problem": job.problem,
            "model": job.model,
            "created_at": job.created_at.isoformat(),
            "finished_at": ended.isoformat() if ended else None,
            "turns": progress.turns,
            "best_turn": progress.best or None,
            "tests_passed": progress.tests_passed,
            "tests": progress.tests_total,
        },
    }
    return json.dumps(content, separators=(",", ":")).encode("ascii")


def sign(key: bytes, identifier: str, timestamp: int, body: bytes) -> str:
    """The `webhook-signature` of Standard Webhooks, version 1."""
    content = f"{identifier}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode("ascii")


def headers(key: bytes, job: str, body: bytes, at: float) -> dict[str, str]:
    """The headers of one attempt at time `at` (seconds since 1970)."""
    identifier, timestamp = f"msg_{job}", int(at)
    return {
        "content-type": "application/json",
        "user-agent": "selfdebug-webhooks/1",
        "connection": "close",
        "webhook-id": identifier,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(key, identifier, timestamp, body),
    }


def retry_in(attempts: int) -> float | None:
    """Seconds to wait after so many failed attempts, with jitter; None when it has been tried often enough."""
    if attempts > len(DELAYS_S):
        return None
    return DELAYS_S[max(attempts, 1) - 1] * random.uniform(1 - _JITTER, 1 + _JITTER)


def signing_key(secret: str, state: Path) -> bytes:
    """The key that messages are signed with: of `secret`, or else of the file in the state folder, made if absent.

    Args:
        secret: `whsec_` and the key (24 to 64 bytes) in base64; empty for the file's.

    Raises:
        BadSecret: It is not such a text, or the file can't be read or written.
    """
    if secret:
        return _decode(secret, "SELFDEBUG_WEBHOOK_SECRET")
    path = state / _SECRET_FILE
    try:
        return _decode(_read_or_make(path), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise BadSecret(f"{path}: can't be used: {error}; set SELFDEBUG_WEBHOOK_SECRET instead") from None


def _read_or_make(path: Path) -> str:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        made = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        made.touch(mode=0o600, exist_ok=False)
        try:
            made.write_text(_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode("ascii") + "\n")
            os.link(made, path)  # whole or not at all, and the first one stays when two start at once
        except FileExistsError:
            pass
        finally:
            made.unlink()
    return path.read_text()


def _decode(secret: str, source: str) -> bytes:
    text = secret.strip()
    try:
        key = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not text.startswith(_PREFIX) or not 24 <= len(key) <= 64:
        raise BadSecret(f"{source}: expected {_PREFIX} and 24 to 64 bytes in base64; leave it out to have one made")
    return key


class Sender:
    """Posts messages. Connects to exactly the address that was checked, follows no redirect and reads no answer.

    Args:
        private: Private and loopback addresses are allowed.
        certificates: Whom to trust; by default as httpx does.
    """

    def __init__(self, key: bytes, *, private: bool = False, certificates: ssl.SSLContext | None = None) -> None:
        self._key, self._private = key, private
        # No connection is kept: one that was made for a name must not serve another name at the same address.
        self._client = httpx.AsyncClient(
            trust_env=False,
            verify=certificates or httpx.create_ssl_context(trust_env=False),
            follow_redirects=False,
            timeout=httpx.Timeout(_ATTEMPT_S, connect=_CONNECT_S),
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    async def send(self, url: str, job: str, body: bytes) -> Attempt:
        """Make one attempt, of 15 seconds at the most."""
        try:
            check_url(url, private=self._private)
            async with asyncio.timeout(_ATTEMPT_S):
                return await self._send(httpx.URL(url), job, body)
        except (ValueError, Refused) as error:
            return Attempt(Verdict.HOPELESS, str(error))
        except TimeoutError:
            return Attempt(Verdict.FAILED, f"no answer within {_ATTEMPT_S:.0f} s")
        except (OSError, httpx.HTTPError, ssl.SSLError) as error:
            return Attempt(Verdict.FAILED, f"{type(error).__name__}: {error}"[:200])

    async def _send(self, url: httpx.URL, job: str, body: bytes) -> Attempt:
        host = url.raw_host.decode("ascii")
        port = url.port or (443 if url.scheme == "https" else 80)
        *others, last = (await resolve(host, port, private=self._private))[:_ADDRESSES_TRIED]
        for address in others:
            try:
                return await self._post(url, host, address, job, body)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return await self._post(url, host, last, job, body)

    async def _post(self, url: httpx.URL, host: str, address: Address, job: str, body: bytes) -> Attempt:
        request = self._client.build_request(
            "POST",
            url.copy_with(host=f"[{address}]" if isinstance(address, IPv6Address) else str(address)),
            content=body,
            headers={"host": url.netloc.decode("ascii"), **headers(self._key, job, body, time.time())},
            extensions={"sni_hostname": host},
        )
        answer = await self._client.send(request, stream=True)
        await answer.aclose()
        if answer.is_success:
            return Attempt(Verdict.DELIVERED, f"status {answer.status_code}")
        if answer.status_code == httpx.codes.GONE:
            return Attempt(Verdict.HOPELESS, "status 410: the receiver wants no more")
        return Attempt(Verdict.FAILED, f"status {answer.status_code}")

    async def close(self) -> None:
        await self._client.aclose()
