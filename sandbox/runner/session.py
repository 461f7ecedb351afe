"""The tests' end of the channel: asks the candidate, rebuilds what comes back, serves call-backs.

All that is received comes from untrusted code. A message that is not well formed ends the session as tampered.
"""

import collections
import sys
import types
from dataclasses import dataclass
from opcode import opname
from typing import Any

from . import remote
from .channel import Caller, ChannelClosed, ChannelError, FrameTooLarge, Link, Message
from .comparison import Comparison
from .exports import SHARED_TAG, is_standard, shared_codec
from .plain import CODECS, Codec, codec_of
from .rewrite import Names
from .standins import StandIns
from .wire import Decoder, Encoder, Item, Node, WireError

# All that rebuilding a malformed answer can raise.
_MALFORMED = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError, ChannelError)
_UNTOUCHABLE = (types.FrameType, types.CodeType, types.TracebackType, types.ModuleType)
_ENDS_LOOPS = (StopIteration, StopAsyncIteration, GeneratorExit)
_STOPPING = {"StopIteration", "StopAsyncIteration", "GeneratorExit", "send", "throw", "asend", "athrow", "__next__"}
_CALLS = {"CALL", "CALL_FUNCTION_EX", "CALL_KW", "PRECALL", "CALL_INTRINSIC_1"}
_KEPT_CALLS = 64
_PLAIN_ANSWER = {"a", "v", "n", "m"}


class CandidateDied(BaseException):
    """The candidate's process ended before it answered."""


class Tampered(BaseException):
    """The candidate broke the protocol."""


@dataclass(frozen=True)
class RemoteError:
    """An exception of the candidate as text."""

    type: str
    message: str
    traceback: str
    line: int
    syntax: bool


@dataclass(frozen=True)
class Call:
    """One call of the candidate, with the arguments as they were sent."""

    name: str
    items: list[Item]
    nodes: list[Node]


class Session:
    """One candidate, as the tests see it.

    Attributes:
        shared: Classes of the problem's context; instances cross by value.
        named: Names by which the tests' source, or the problem's context, asks for a class.
        asked: The candidate's classes that the tests reach by name, and whose own operators they so ask for.
        unasked: How often the tests have read an attribute of an object whose class they do not ask for.
        calls: The latest calls of the candidate's functions and classes by name; `made` counts them all.
        doubts: Why the verdict rests on the candidate's word.
        mark: Where the candidate is watched: which test the next questions belong to; negative after the first one
            that did not pass, whose steps are those that are wanted.
    """

    def __init__(self, link: Link, names: Names, classes: frozenset[str] = frozenset()) -> None:
        self._link = link
        self._caller = Caller(link, self._serve, self._apologise)
        self._standins = StandIns(self)
        self._mine: list[Any] = []
        self._my_numbers: dict[int, int] = {}
        self.comparison = Comparison(self)
        self.shared: dict[str, type] = {}
        self._codecs: dict[str, Codec] = {**CODECS, SHARED_TAG: shared_codec(self.shared)}
        self.named = names.classes | classes
        self._may_stop = bool(_STOPPING & (names.used | names.reached))
        self.asked: set[type] = set()
        self.calls: collections.deque[Call] = collections.deque(maxlen=_KEPT_CALLS)
        self.made = 0
        self.unasked = 0
        self.doubts: list[str] = []
        self.dropped: list[int] = []
        self.said: Any = None
        self.died = False
        self.tampered = ""
        self.mark: int | None = None

    @property
    def plain(self) -> bool:
        """Whether nothing but plain values, functions and exceptions has crossed, and the protocol was kept."""
        return not (self._mine or self.doubts or self.tampered) and self._standins.plain

    def ask(self, operation: str, *values: Any) -> Any:
        """Ask the candidate to do something.

        Raises:
            CandidateDied: It ended.
            Tampered: It broke the protocol.
            Exception: Whatever it raised, as the tests' own class of that name.
        """
        return self._ask(self._encode(operation, *values))

    def _encode(self, *values: Any) -> tuple[list[Item], Encoder]:
        encoder = Encoder(self._export)
        try:
            return [encoder.encode(value) for value in values], encoder
        except WireError as error:
            raise ValueError(f"an argument of the test cannot cross to the candidate: {error}") from error

    def _ask(self, question: tuple[list[Item], Encoder]) -> Any:
        if self.died or self.tampered:
            raise CandidateDied
        items, encoder = question
        dropped, self.dropped = self.dropped, []
        try:
            message: Message = {"v": items, "n": encoder.nodes, "f": dropped}
            if self.mark is not None:
                message["t"] = self.mark
            answer = self._caller.call(message)
            values = self._settle(encoder, answer)
            raised = self._standins.raised(values, bool(answer.get("syntax"))) if answer.get("raised") else None
        except ChannelClosed:
            self.died = True
            raise CandidateDied from None
        except FrameTooLarge as error:
            raise ValueError("an argument of the test is too large to cross to the candidate") from error
        except _MALFORMED as error:
            for honest in (error, error.__cause__):
                if honest is not None and candidate_error(honest) is not None:
                    raise honest from None  # rebuilding a set has asked for a hash
            self.tampered = f"the program broke the protocol: {error}"
            raise Tampered(self.tampered) from error
        if raised is None:
            return values[0]
        if isinstance(raised, _ENDS_LOOPS) and items[:1] + items[2:3] != ["operate", "__next__"]:
            raised = self._not_ending_loops(raised)
        raise raised

    def _not_ending_loops(self, error: BaseException) -> BaseException:
        """What a call raises in place of an exception that would end a loop of the tests without a word (PEP 479).

        Where the tests know of such exceptions, only a call that they make by themselves can raise one.
        """
        frame: Any = sys._getframe(2)
        while frame is not None and frame.f_globals.get("__package__") == __package__:
            frame = frame.f_back
        by_call = frame is not None and opname[frame.f_code.co_code[frame.f_lasti]] in _CALLS
        if self._may_stop and by_call:
            return error
        made = RuntimeError(f"the program raised {type(error).__name__}")
        vars(made)["_sd_error"] = candidate_error(error)
        return made

    def _settle(self, encoder: Encoder, answer: Message) -> list[Any]:
        """Rebuild an answer, and change the arguments that the call has changed."""
        if answer["n"] == [] and answer["m"] == {} and answer.keys() <= _PLAIN_ANSWER:
            (value,) = answer["v"]
            if type(value) is not list:
                return [value]  # the common case: a scalar

        def special(tag: str, parts: list[Any]) -> Any:
            return encoder.values[parts[0]] if tag == "a" else self._special(tag, parts)

        changed = [(encoder.values[int(index)], parts) for index, parts in answer["m"].items()]
        results = answer["v"]
        decoder = Decoder(answer["n"], special, self._codecs)
        decoded = decoder.decode([*results, *(item for _, parts in changed for item in parts)])
        if len(results) != (6 if answer.get("raised") else 1):
            raise WireError("an answer of the wrong length")
        self._standins.finish()
        rest = decoded[len(results) :]
        for value, parts in changed:
            codec = self._codecs[SHARED_TAG] if self._is_shared(value) else codec_of(value)
            if codec is None or not codec.changeable:
                raise WireError("a change of what cannot change")
            codec.refill(value, rest[: len(parts)])
            del rest[: len(parts)]
        if self.said is not None and "said" in answer:
            self.said(*map(str, answer["said"]))
        return decoded[: len(results)]

    def call(self, function: Any, name: str, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """Call a function or class of the candidate; recorded if it has a name."""
        question = self._encode("call", function, arguments, keywords)
        if name:
            self.made += 1
            items, encoder = question
            self.calls.append(Call(name, items[2:], encoder.nodes))
        return self._ask(question)

    def arguments(self, call: Call) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments of a call as they were before it."""
        positional, keywords = Decoder(call.nodes, self._own, self._codecs).decode(call.items)
        return positional, keywords

    def asks_for(self, kind: type) -> bool:
        """Whether the tests ask for the own operators of a class of the candidate."""
        return any(base in self.asked for base in kind.__mro__)

    def doubt(self, reason: str) -> None:
        """Note that the verdict rests on the candidate's word."""
        if reason not in self.doubts:
            self.doubts.append(reason)

    def end_test(self, *, passed: bool) -> None:
        """Let the next questions belong to another test."""
        if self.mark is not None and self.mark >= 0:
            self.mark = self.mark + 1 if passed else -1

    def finish(self) -> None:
        """Look for what nobody asked for."""
        if not self.died and not self.tampered and self._link.leftover():
            self.tampered = "the program wrote into the protocol unasked"

    def _is_shared(self, value: Any) -> bool:
        return bool(self.shared) and self.shared.get(type(value).__name__) is type(value)

    def _export(self, encoder: Encoder, value: Any) -> Node:
        """Encode what is not plain data."""
        number = self._standins.number_of(value)
        if number is not None:
            return ["H", number]
        if self._is_shared(value):
            return [SHARED_TAG, *map(encoder.item, self._codecs[SHARED_TAG].extract(value))]
        if isinstance(value, types.ModuleType) and value.__name__.partition(".")[0] in sys.stdlib_module_names:
            return ["m", value.__name__]
        if callable(value) and is_standard(value):
            return ["g", value.__module__, value.__qualname__]
        if isinstance(value, BaseException) and is_standard(type(value)):
            return ["x", *map(encoder.item, (type(value), str(value), value.args))]
        if isinstance(value, _UNTOUCHABLE):
            raise WireError(f"a {type(value).__name__} does not cross")
        name = str(getattr(value, "__name__", type(value).__name__))
        if isinstance(value, (types.FunctionType, types.MethodType, types.BuiltinFunctionType, type)):
            return ["tf", self._lend(value), encoder.item(name), ""]
        return ["to", self._lend(value), encoder.item(type(value).__name__), remote.describe(type(value))]

    def _lend(self, value: Any) -> int:
        number = self._my_numbers.get(id(value))
        if number is None:
            number = self._my_numbers[id(value)] = len(self._mine)
            self._mine.append(value)
        return number

    def _special(self, tag: str, parts: list[Any]) -> Any:
        """Decode what is not plain data, as received."""
        if tag == "H":
            return self._mine[parts[0]]
        return self._standins.build(tag, parts)

    def _own(self, tag: str, parts: list[Any]) -> Any:
        """Decode what is not plain data, as sent."""
        if tag == "H":
            return self._standins.by_number(parts[0])
        if tag in ("tf", "to"):
            return self._mine[parts[0]]
        if tag in ("g", "m"):
            return self._standins.build(tag, parts)
        return parts[0](*parts[2]) if tag == "x" else None

    def _serve(self, question: Message) -> Message:
        """Answer the candidate's call about an object of the tests."""
        decoder = Decoder(question["n"], self._special, self._codecs)
        operation, number, *rest, keywords = decoder.decode(question["v"])
        value = self._mine[number]
        answer: Message = {}
        try:
            result = self._do(operation, value, rest, keywords)
        except (Exception, SystemExit) as error:
            result, answer = error if is_standard(type(error)) else RuntimeError(str(error)), {"raised": True}
        encoder = Encoder(self._export)
        return {**answer, "v": [encoder.encode(result)], "n": encoder.nodes}

    def _do(self, operation: str, value: Any, rest: list[Any], keywords: dict[str, Any]) -> Any:
        plain_function = isinstance(value, (types.FunctionType, types.MethodType, types.BuiltinFunctionType, type))
        if operation == "operate" and (rest[0] == "__call__" or not plain_function):
            return remote.operate(value, rest[0], rest[1] if len(rest) > 1 else (), keywords)
        if plain_function or isinstance(value, types.GeneratorType) or str(rest[0]).startswith("_"):
            raise AttributeError(f"{operation} {rest[0]!r} does not cross")
        if operation == "getattr":
            return getattr(value, rest[0])
        if operation == "setattr":
            return setattr(value, rest[0], rest[1])
        if operation == "equal":
            return bool(value == rest[0])
        raise WireError(f"unknown operation {operation!r}")

    def _apologise(self, error: Exception) -> Message:
        encoder = Encoder(self._export)
        return {"raised": True, "v": [encoder.encode(ValueError(str(error)))], "n": encoder.nodes}


def candidate_error(error: BaseException) -> RemoteError | None:
    """What the candidate said about an exception that it raised; None for an exception of the tests' own."""
    found = getattr(error, "__dict__", {}).get("_sd_error")
    return found if isinstance(found, RemoteError) else None
