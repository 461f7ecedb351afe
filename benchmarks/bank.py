"""A bank of recorded completions: what a model was asked once, it need not be asked again.

Runs that differ in one respect ask for the same in all others: the same first answers, the same repairs wherever the
same was told. With a bank they pay for that once, and their differences are those of the methods alone, not of chance.
"""

import json
import sqlite3
import zlib
from dataclasses import asdict, replace
from pathlib import Path

from pydantic import TypeAdapter

from selfdebug.errors import InputError
from selfdebug.generator import Completion, GenerationRequest, Generator
from selfdebug.generators.replay import request_key

_TABLE = """
CREATE TABLE IF NOT EXISTS completions (
    model TEXT, request TEXT, max_new_tokens INTEGER, completion BLOB, PRIMARY KEY (model, request, max_new_tokens)
) WITHOUT ROWID
"""
_COMPLETION = TypeAdapter(Completion)
_WAIT_S = 60.0


class Bank:
    """A file of completions, each under its model and its request. Several processes may use one at once.

    Raises:
        InputError: The file is something else.
    """

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._rows = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None)
            self._rows.execute("PRAGMA journal_mode = WAL")
            self._rows.execute(_TABLE)
        except (OSError, sqlite3.Error) as error:
            raise InputError("--bank", str(path), f"is no bank of completions: {error}; name another file") from None

    def find(self, model: str, request: GenerationRequest) -> Completion | None:
        """The completion of this request, or of the same one with another bound that its replies did not reach."""
        most = request.sampling.max_new_tokens
        found = self._rows.execute(
            "SELECT max_new_tokens, completion FROM completions WHERE model = ? AND request = ?",
            (model, _key(request)),
        )
        for asked, packed in found:
            completion = _COMPLETION.validate_python(json.loads(zlib.decompress(packed)))
            ended = "length" not in completion.finish_reasons and completion.completion_tokens <= most
            if asked == most or ended:
                return completion
        return None

    def add(self, model: str, request: GenerationRequest, completion: Completion) -> None:
        """Record a completion, unless one of the same request is there."""
        packed = zlib.compress(json.dumps(asdict(completion)).encode())
        row = (model, _key(request), request.sampling.max_new_tokens, packed)
        self._rows.execute("INSERT OR IGNORE INTO completions VALUES (?, ?, ?, ?)", row)

    def close(self) -> None:
        self._rows.close()


class BankedGenerator:
    """A generator that asks another one only for what a bank does not hold.

    Args:
        weights: The weights that answer: completions of others are not given.
    """

    def __init__(self, generator: Generator, bank: Bank, weights: str) -> None:
        self.model = generator.model
        self._generator, self._bank, self._weights = generator, bank, weights

    async def generate(self, request: GenerationRequest) -> Completion:
        """Answer from the bank, or else ask and record; see `Generator.generate`."""
        found = self._bank.find(self._weights, request)
        if found is not None:
            return found
        completion = await self._generator.generate(request)
        self._bank.add(self._weights, request, completion)
        return completion

    async def close(self) -> None:
        """Close the bank and the other generator."""
        self._bank.close()
        await self._generator.close()


def _key(request: GenerationRequest) -> str:
    return request_key(replace(request, sampling=replace(request.sampling, max_new_tokens=1)))
