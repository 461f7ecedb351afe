"""What an OpenAI-compatible server's failures mean: try again, shorten the prompt, leave a field out, or give up."""

import email.utils
import json
import math
import re
import sys
import time
from collections.abc import Collection, Mapping

import openai

from selfdebug.errors import GenerationError, ModelUnavailable

# The HTTP library is openai's own choice and differs between its versions; while a stream is read, some of them let
# its exceptions through.
_HTTP_ERRORS: tuple[type[Exception], ...] = tuple(
    sys.modules[name].HTTPError for name in ("httpx", "httpx2") if name in sys.modules
)
FAILURES: tuple[type[Exception], ...] = (openai.APIError, *_HTTP_ERRORS, json.JSONDecodeError, UnicodeDecodeError)

_TOO_LONG = re.compile(
    r"context.?(length|window|size)|maximum context|too many (input |prompt )?tokens"
    r"|(prompt|input|request) is too long|tokens.{0,40}must be <=|exceeds?.{0,40}(context|max(imum)?.{0,20}tokens)",
    re.IGNORECASE | re.DOTALL,
)
_NOT_SUPPORTED = re.compile(
    r"(un|not |n't )support|unrecogni|unknown|unexpected|extra|not permitted|not allowed|only the default|only 1|"
    r"must be 1\b|not implemented",
    re.IGNORECASE,
)


class Transient(Exception):
    """It may go better next time.

    Args:
        retry_after_s: What the server asks to wait; None where it asks for nothing.
    """

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class TooLong(Exception):
    """The prompt, or the prompt and the answer together, are longer than the model's context."""


def meaning(error: Exception) -> Exception:
    """Translate one of `FAILURES` into `Transient`, `TooLong`, or the exception to give up with."""
    if isinstance(error, openai.APIStatusError):
        return _status_meaning(error)
    text = _one_line(error)
    if isinstance(error, openai.APITimeoutError):
        return Transient("the server did not answer in time")
    if isinstance(error, (openai.APIConnectionError, *_HTTP_ERRORS)):
        cause = error.__cause__
        return Transient(f"the connection failed ({_one_line(cause) if cause else text})")
    if _TOO_LONG.search(text):
        return TooLong(text)
    return Transient(f"the server's answer is broken off or no chat completion ({text})")


def _status_meaning(error: openai.APIStatusError) -> Exception:
    text = f"{error.status_code}: {_server_text(error)}"
    if error.code == "context_length_exceeded" or (error.status_code != 429 and _TOO_LONG.search(text)):
        return TooLong(text)
    if error.status_code in {401, 403}:
        return ModelUnavailable(f"the server refuses the key ({text}); set OPENAI_API_KEY")
    if error.status_code == 404:
        return ModelUnavailable(f"the server has no such model or address ({text}); check the name and OPENAI_BASE_URL")
    if error.code == "insufficient_quota":
        return ModelUnavailable(f"the account's quota is used up ({text})")
    if error.status_code in {408, 409, 429} or error.status_code >= 500:
        return Transient(text, retry_after_s=retry_after(error.response.headers))
    return GenerationError(f"the server refuses the request ({text})")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the server asks to wait (RFC 9110, section 10.2.3, and `retry-after-ms`); None for none."""
    for name, scale in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        value = headers.get(name)
        if value is None:
            continue
        try:
            seconds = float(value) / scale
        except ValueError:
            try:
                seconds = email.utils.parsedate_to_datetime(value).timestamp() - time.time()
            except (ValueError, OverflowError):
                continue
        if math.isfinite(seconds):
            return max(0.0, seconds)
    return None


def unsupported_fields(error: openai.APIStatusError, sent: Collection[str]) -> frozenset[str]:
    """Those of the fields sent that the server says it does not know or support; empty where it says no such thing."""
    text = _server_text(error)
    if error.status_code not in {400, 422, 501} or not _NOT_SUPPORTED.search(f"{error.code} {text}"):
        return frozenset()
    if error.param is not None and error.param in sent:
        return frozenset({error.param})
    # A lone n is a word of its own only where it is quoted or compared.
    return frozenset(
        name
        for name in sent
        if re.search(rf"['\"`]{name}['\"`]" if len(name) == 1 else rf"\b{name}\b", text)
        or (name == "n" and re.search(r"\bn (must|should|[=><])|\bn[=><]", text))
    )


def _server_text(error: openai.APIStatusError) -> str:
    """What the server says, in OpenAI's form or another's: `{"detail": …}`, `{"error": "…"}`, plain text."""
    body = error.body
    message = body.get("message") if isinstance(body, Mapping) else body
    if not message and body:
        message = json.dumps(body, ensure_ascii=False, default=str)
    return " ".join(str(message or error).split())[:500]


def _one_line(error: BaseException) -> str:
    return (" ".join(str(error).split()) or type(error).__name__)[:500]
