"""A generator that gives recorded completions again: everything around a model runs on them without one."""

import hashlib
import json
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence

from pydantic import TypeAdapter

from selfdebug.errors import GenerationError
from selfdebug.generator import Completion, GenerationRequest

_REQUEST = TypeAdapter(GenerationRequest)


def request_key(request: GenerationRequest) -> str:
    """A hash (SHA-256, hexadecimal) of all that decides a request's answer; its time-out does not."""
    content = _REQUEST.dump_python(request, mode="json", exclude={"timeout_s"})
    if not request.prefix:  # recordings are older than these
        del content["prefix"]
    if not request.sampling.stop:
        del content["sampling"]["stop"]
    text = json.dumps(content, sort_keys=True, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


class ReplayGenerator:
    """Gives recorded completions: in their order, or (`keyed`, `matched`) each to the request it was recorded for.

    Args:
        completions: What to give, in order.
        model: How the generator names itself; by default as the first completion does.
    """

    def __init__(self, completions: Sequence[Completion], *, model: str = "") -> None:
        self.model = model or next((completion.model for completion in completions), "") or "replay"
        self._completions = tuple(completions)
        self._given = 0  # those before are not given in order any more
        self._by_key: dict[str, deque[int]] = {}
        self._in_order = True

    @classmethod
    def keyed(cls, pairs: Iterable[tuple[GenerationRequest, Completion]], *, model: str = "") -> "ReplayGenerator":
        """Give each completion to an equal request; those of one request in order, the last one again and again."""
        generator = cls.matched(pairs, model=model)
        generator._in_order = False
        return generator

    @classmethod
    def matched(cls, pairs: Iterable[tuple[GenerationRequest, Completion]], *, model: str = "") -> "ReplayGenerator":
        """As `keyed`, so that one recording serves many solves at once; and a request unlike all recorded ones gets
        the next completion in order, so that a recording survives a change of the prompts.
        """
        recorded = list(pairs)
        generator = cls([completion for _, completion in recorded], model=model)
        by_key: defaultdict[str, deque[int]] = defaultdict(deque)
        for index, (request, _) in enumerate(recorded):
            by_key[request_key(request)].append(index)
        generator._by_key = dict(by_key)
        return generator

    async def generate(self, request: GenerationRequest) -> Completion:
        """Give the recorded completion.

        Raises:
            GenerationError: None was recorded for this request, none is left, or it has another number of samples.
        """
        completion = self._completions[self._choose(request)]
        if len(completion.texts) != request.n:
            raise GenerationError(
                f"the recording holds {len(completion.texts)} samples where {request.n} are asked for: "
                "solve with the strategy and the options that it was recorded with"
            )
        return completion

    async def close(self) -> None:
        """Nothing is held."""

    def _choose(self, request: GenerationRequest) -> int:
        if self._by_key:
            key = request_key(request)
            if left := self._by_key.get(key):
                chosen = left.popleft() if len(left) > 1 else left[0]
                self._given = max(self._given, chosen + 1)
                return chosen
            if not self._in_order:
                last = request.messages[-1].content if request.messages else ""
                raise GenerationError(f"no completion was recorded for this request ({key[:12]}…, ends {last[-80:]!r})")
        if self._given == len(self._completions):
            raise GenerationError(f"all {self._given} recorded completions have been given")
        self._given += 1
        return self._given - 1
