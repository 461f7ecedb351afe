"""When a reply is over, and its text. Decodes as little as it can while the reply grows."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from selfdebug.code_stop import closed_code_block_end
from selfdebug.generator import Sampling

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

FinishReason = Literal["stop", "length"]


@dataclass(frozen=True)
class Reply:
    """One finished reply.

    Attributes:
        tokens: Tokens that the model wrote for it: the end-of-turn token included, and those after the code block.
    """

    text: str
    tokens: int
    finish_reason: FinishReason


class ReplyReader:
    """Follows replies token by token. A reply's `prefix` is how it began before its first token was written.

    Args:
        stop_ids: Tokens that end a turn.
    """

    def __init__(self, tokenizer: "PreTrainedTokenizerBase", stop_ids: frozenset[int]) -> None:
        self._tokenizer = tokenizer
        self._stop_ids = stop_ids
        self._breaks_line: dict[int, bool] = {}

    def ended(self, tokens: list[int], sampling: Sampling, prefix: tuple[int, ...] = ()) -> bool:
        """Whether the reply is over with its last token: the turn ended, or `sampling` says so.

        Must be asked after every token; costs a dictionary look-up but where a line ends.
        """
        if tokens[-1] in self._stop_ids:
            return True
        if not (sampling.stop_after_code or sampling.stop) or not self._ends_line(tokens[-1]):
            return False
        start = len(tokens) - 1
        while start > 0 and not self._ends_line(tokens[start - 1]):
            start -= 1
        # From the token that ended the line before: it may hold the beginning of this one.
        line = self._text(tokens[max(0, start - 1) :])
        if not any(mark in line for mark in ("```", "~~~", *sampling.stop)):
            return False
        return self._end(self._text([*prefix, *tokens]), sampling, prefix, partial=True) is not None

    def reply(self, tokens: list[int], sampling: Sampling, prefix: tuple[int, ...] = ()) -> Reply:
        """The reply as it is handed out."""
        stopped = bool(tokens) and tokens[-1] in self._stop_ids
        text = self._text([*prefix, *(tokens[:-1] if stopped else tokens)])
        end = self._end(text, sampling, prefix)
        return Reply(text[:end], len(tokens), "stop" if stopped or end is not None else "length")

    def _end(self, text: str, sampling: Sampling, prefix: tuple[int, ...], *, partial: bool = False) -> int | None:
        """Where the reply ends by what `sampling` says; None where it goes on."""
        ends = [closed_code_block_end(text, partial=partial)] if sampling.stop_after_code else []
        if sampling.stop:
            line = re.compile(f"^(?:{'|'.join(map(re.escape, sampling.stop))})", re.MULTILINE)
            found = line.search(text, len(self._text([*prefix])))
            ends.append(found.start() if found else None)
        return min((end for end in ends if end is not None), default=None)

    def _ends_line(self, token: int) -> bool:
        known = self._breaks_line.get(token)
        if known is None:
            text = self._text([token])
            known = self._breaks_line[token] = "\n" in text or "\r" in text
        return known

    def _text(self, tokens: list[int]) -> str:
        text = self._tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        assert isinstance(text, str)
        return text
