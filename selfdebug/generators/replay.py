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
    text = json.dumps(content, sort_keys=True, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


class ReplayGenerator:
    """Gives recorded completions: in their order, or (`keyed`) each to the request that it was recorded for.

    Args:
        completions: What to give, in order.
        model: How the generator names itself; by default as the first completion does.
    """

    def __init__(self, completions: Sequence[Completion], *, model: str = "") -> None:
        self.model = model or next((completion.model for completion in completions), "") or "replay"
        self._given = 0
        self._completions = tuple(completions)
        self._by_key: dict[str, deque[Completion]] | None = None

    @classmethod
    def keyed(cls, pairs: Iterable[tuple[GenerationRequest, Completion]], *, model: str = "") -> "ReplayGenerator":
        """Give each completion to an equal request; those of one request in order, the last one again and again."""
        by_key: defaultdict[str, deque[Completion]] = defaultdict(deque)
        completions = []
        for request, completion in pairs:
            by_key[request_key(request)].append(completion)
            completions.append(completion)
        generator = cls(completions, model=model)
        generator._by_key = dict(by_key)
        return generator

    async def generate(self, request: GenerationRequest) -> Completion:
        """Give the recorded completion.

        Raises:
            GenerationError: None was recorded for this request, none is left, or it has another number of samples.
        """
        completion = self._next() if self._by_key is None else self._recorded(request, self._by_key)
        if len(completion.texts) != request.n:
            raise GenerationError(f"{request.n} samples were asked for, {len(completion.texts)} were recorded")
        return completion

    async def close(self) -> None:
        """Nothing is held."""

    def _next(self) -> Completion:
        if self._given == len(self._completions):
            raise GenerationError(f"all {self._given} recorded completions have been given")
        self._given += 1
        return self._completions[self._given - 1]

    @staticmethod
    def _recorded(request: GenerationRequest, by_key: dict[str, deque[Completion]]) -> Completion:
        key = request_key(request)
        left = by_key.get(key)
        if not left:
            last = request.messages[-1].content if request.messages else ""
            raise GenerationError(f"no completion was recorded for this request ({key[:12]}…, ends {last[-80:]!r})")
        return left.popleft() if len(left) > 1 else left[0]
