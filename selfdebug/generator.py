"""The port to a language model: what is asked, what comes back."""

from dataclasses import dataclass
from typing import Literal, Protocol

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True)
class Message:
    """One message of a conversation.

    Attributes:
        turn: The turn that it belongs to. 0: the problem itself, never dropped. When a prompt is too long, whole
            turns are dropped, the oldest first; the newest turn never is.
    """

    role: Role
    content: str
    turn: int = 0


@dataclass(frozen=True)
class Sampling:
    """How tokens are drawn. Temperature 0 is greedy, then `top_p` and `seed` have no effect.

    Attributes:
        stop_after_code: Stop at the fence that closes the first code block.
        stop: Stop at a line that begins with one of these; it is left out. A generator that can't begin replies, see
            `GenerationRequest.prefix`, does not heed it.
    """

    temperature: float = 0.0
    top_p: float = 0.95
    seed: int = 0
    max_new_tokens: int = 768
    stop_after_code: bool = True
    stop: tuple[str, ...] = ()


@dataclass(frozen=True)
class GenerationRequest:
    """A request for `n` samples of one conversation. Sample i of seed s is reproducible on the same machine.

    Attributes:
        timeout_s: Give up after this many seconds, retries included.
        prefix: How each reply begins: the model goes on from there, and it counts as prompt. A generator that can't
            have it so leaves it out.
    """

    messages: tuple[Message, ...]
    sampling: Sampling = Sampling()
    n: int = 1
    timeout_s: float | None = None
    prefix: str = ""


@dataclass(frozen=True)
class Completion:
    """What came back.

    Attributes:
        texts: `n` replies, without the end-of-turn token; a reply stopped at its code block ends with the fence. Each
            is whole: it begins with the request's prefix where that was given to the model.
        prompt_tokens: Tokens of the prompt, counted once.
        completion_tokens: Tokens of all replies together.
        seconds: From the request to the last reply, queueing included.
        dropped_turns: Turns that were cut from the prompt because it was too long.
        finish_reasons: For each reply: `stop` (ended by itself, or where the request says so) or `length`.
        estimated: The token counts are estimates, because a server did not tell them.
    """

    texts: tuple[str, ...]
    prompt_tokens: int
    completion_tokens: int
    seconds: float
    model: str = ""
    dropped_turns: tuple[int, ...] = ()
    finish_reasons: tuple[Literal["stop", "length"], ...] = ()
    estimated: bool = False

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens


class Generator(Protocol):
    """A language model. Safe to call concurrently; concurrent requests may share a batch."""

    model: str

    async def generate(self, request: GenerationRequest) -> Completion:
        """Answer one request.

        Cancelling frees its place in the batch; where the request had begun, `CutOff` of `generators.cancelled` tells
        what it cost.

        Raises:
            ModelUnavailable: The model cannot be loaded or reached at all.
            GenerationError: It could be, but gave no answer within `timeout_s` or its retries.
        """
        ...

    async def close(self) -> None:
        """Free the model. Harmless when repeated."""
        ...
