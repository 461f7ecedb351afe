"""Reads one streamed chat completion: replies by index, why they ended, and what they cost."""

from collections.abc import AsyncIterable
from dataclasses import dataclass, field
from typing import Literal

from openai.types.chat import ChatCompletionChunk

from selfdebug.code_stop import closed_code_block_end
from selfdebug.errors import GenerationError
from selfdebug.generators.openai_failures import Transient

CHARS_PER_TOKEN = 4.0  # of English and code, roughly; only where a server does not count


@dataclass
class Reply:
    """One reply as far as it has come.

    Attributes:
        pieces: Chunks with text; most servers send one a token.
        finished: The server's finish reason; empty before it came.
        code_end: Just after the first complete code block; None before there is one.
    """

    text: str = ""
    pieces: int = 0
    finished: str = ""
    code_end: int | None = None

    @property
    def estimated_tokens(self) -> int:
        return max(self.pieces, round(len(self.text) / CHARS_PER_TOKEN))

    def trimmed(self, stop_after_code: bool) -> tuple[str, Literal["stop", "length"]]:
        """The text to hand on, and why it ends there."""
        end = closed_code_block_end(self.text) if stop_after_code else None
        if end is not None:
            return self.text[:end], "stop"
        return self.text, "length" if self.finished == "length" else "stop"


@dataclass
class Answer:
    """What one HTTP request brought. The token counts are None where the server did not tell them."""

    replies: dict[int, Reply] = field(default_factory=dict)
    prompt_tokens: int | None = None
    completion_tokens: int | None = None

    @property
    def estimated_tokens(self) -> int:
        return sum(reply.estimated_tokens for reply in self.replies.values())


async def read(chunks: AsyncIterable[ChatCompletionChunk], answer: Answer, n: int, stop_after_code: bool) -> Answer:
    """Read into an empty answer, until the server ends or each of `n` replies has its code block.

    Raises:
        Transient: The answer is empty, broken off, or not a chat completion.
        GenerationError: The server's content filter cut the answer.
    """
    async for chunk in chunks:
        try:
            _absorb(chunk, answer)
        except (AttributeError, TypeError) as error:  # the client does not check what servers send
            raise Transient(f"the server's answer is no chat completion ({error})") from error
        complete = sum(bool(reply.finished) or reply.code_end is not None for reply in answer.replies.values())
        if stop_after_code and complete == n and any(not reply.finished for reply in answer.replies.values()):
            # The counts seen so far, if any, are of an earlier moment: for the closed stream they are estimates.
            answer.completion_tokens = None
            return _checked(answer, stop_after_code)
    return _checked(answer, stop_after_code)


def _absorb(chunk: ChatCompletionChunk, answer: Answer) -> None:
    if chunk.usage is not None:
        answer.prompt_tokens = int(chunk.usage.prompt_tokens)
        answer.completion_tokens = int(chunk.usage.completion_tokens)
    for choice in chunk.choices or ():
        reply = answer.replies.setdefault(int(choice.index), Reply())
        content = choice.delta.content if choice.delta is not None else None
        if content:
            reply.text += content
            reply.pieces += 1
            if reply.code_end is None and ("\n" in content or "\r" in content):
                reply.code_end = closed_code_block_end(reply.text, partial=True)
        if choice.finish_reason:
            reply.finished = choice.finish_reason


def _checked(answer: Answer, stop_after_code: bool) -> Answer:
    """Keep the replies that say something."""
    replies = answer.replies.values()
    if any(reply.finished == "content_filter" for reply in replies):
        raise GenerationError("the server's content filter cut the answer")
    if any(not reply.finished and not (stop_after_code and reply.code_end is not None) for reply in replies):
        raise Transient("the server broke off in the middle of an answer")
    answer.replies = {index: reply for index, reply in sorted(answer.replies.items()) if reply.text.strip()}
    if not answer.replies:
        raise Transient("the server's answer is empty")
    return answer
