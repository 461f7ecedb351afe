"""The candidate's process: loads the program as a module of its own and answers the calls of the tests.

Everything here runs beside untrusted code, which can change all of it. So nothing here decides anything: it only helps
an honest candidate to be understood.
"""

import builtins
import contextlib
import io
import os
import socket
import sys
import types
from typing import Any, NoReturn

from . import remote
from .channel import Caller, ChannelClosed, Link, Message
from .exports import Exports, data
from .program import FILE, exception_parts, flush, new_module, run_main
from .rehearsal import rehearse
from .wire import Decoder, Encoder, WireError


def add_site_builtins() -> None:
    """Add what `site` would: programs do call `exit()`."""
    import _sitebuiltins

    builtins.exit = _sitebuiltins.Quitter("exit", "Ctrl-D (i.e. EOF)")
    builtins.quit = _sitebuiltins.Quitter("quit", "Ctrl-D (i.e. EOF)")
    builtins.help = _sitebuiltins._Helper()


class Candidate:
    """A candidate that waits for its program. It is made before the fork, so that less has to be done after it."""

    def __init__(self) -> None:
        """Prepare; the descriptors 0, 1 and 2 may still come to mean other files."""
        rehearse(_Agent().serve)
        self._agent = _Agent()
        _open_streams()

    def run(self, channel: int, trace: int) -> NoReturn:
        """Take the program from the channel, then serve it. Never returns.

        Args:
            trace: The file for what the program does; negative where nobody asks.
        """
        code = 70
        try:
            link = Link(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, channel))
            order = link.receive()
            sys.argv = [FILE]
            tracing = _tracing(trace) if trace >= 0 else None
            if order["mode"] == "main":
                for stream in (sys.stdout, sys.__stdout__):
                    stream.reconfigure(line_buffering=False)  # type: ignore[union-attr]
                code = run_main(link, order["program"], tracing)
            elif order["mode"] == "query":
                from .sql import run_query

                code = run_query(link, order)
            else:
                self._agent.serve(link, order, tracing)
        except ChannelClosed:
            code = 0
        except BaseException as error:  # a candidate that broke the agent; only for whoever reads standard error
            with contextlib.suppress(BaseException):
                os.write(2, f"{type(error).__name__}: {error}\n".encode("utf-8", "backslashreplace"))
        finally:
            os._exit(code)


def _tracing(descriptor: int) -> Any:
    """What watches the program."""
    from .tracing import Tracing  # few candidates are watched

    return Tracing(descriptor)


def _open_streams() -> None:
    """Fresh standard streams: those of the interpreter's start belong to other files."""
    streams: list[Any] = [
        open(descriptor, mode, buffering, encoding="utf-8", errors=errors, closefd=False)  # noqa: SIM115
        for descriptor, mode, buffering, errors in (
            (0, "r", -1, "surrogateescape"),
            (1, "w", 1, "backslashreplace"),
            (2, "w", 1, "backslashreplace"),
        )
    ]
    for name, stream in zip(("stdin", "stdout", "stderr"), streams, strict=True):
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


class _Tee(io.TextIOBase):
    """Standard output or error that also tells the tests, who may have redirected their own."""

    encoding = "utf-8"

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.buffer = stream.buffer
        self.said: list[str] = []

    def write(self, text: str) -> int:
        self.said.append(text)
        return int(self._stream.write(text))

    def flush(self) -> None:
        self._stream.flush()

    def fileno(self) -> int:
        return int(self._stream.fileno())

    def writable(self) -> bool:
        return True


class _Agent:
    """Answers the tests' calls."""

    def __init__(self) -> None:
        import _thread

        self._tees: list[_Tee] = []
        self._compiling = False
        self._lock = _thread.RLock()
        self._exports = Exports(self._ask)
        self._module: types.ModuleType | None = None

    def serve(self, link: Link, order: Message, tracing: Any) -> None:
        """Answer until the tests are gone."""
        self._caller = Caller(link, self._serve, self._apologise)
        self._tracing = tracing
        self._pid = os.getpid()
        self._program = order["program"]
        self._name = order["name"]
        self._shared = order["shared"]
        if order["echo"]:
            self._tees = [_Tee(sys.stdout), _Tee(sys.stderr)]
            sys.stdout, sys.stderr = self._tees
        while True:
            self._caller.answer(link.receive())

    def _serve(self, question: Message) -> Message:
        decoder = Decoder(question["n"], self._exports.special, self._exports.codecs)
        try:
            operation, *values = decoder.decode(question["v"])
        except WireError as error:
            if not isinstance(error.__cause__, RecursionError):
                raise
            return self._apologise(error)  # the call nests too deep to be understood
        self._exports.forget(question["f"])
        before = {index: codec.extract(decoder.values[index]) for index, codec in decoder.mutable.items()}
        answer: Message = {}
        try:
            do = getattr(self, f"do_{operation}")
            result = do(*values) if self._tracing is None else self._tracing.run(question["t"], do, *values)
        except BaseException as error:
            result = error
            answer = {"raised": True, "syntax": self._compiling}
        if os.getpid() != self._pid:
            os._exit(0)  # a child that the candidate forked came back from its call; the parent answers
        flush()
        if self._tees:
            answer["said"] = ["".join(tee.said) for tee in self._tees]
            for tee in self._tees:
                tee.said.clear()
        try:
            return {**answer, **self._reply(decoder, before, result, bool(answer.get("raised")))}
        except (WireError, MemoryError, RecursionError) as error:
            return self._apologise(error)

    def _apologise(self, error: Exception) -> Message:
        """The answer where the real one cannot cross."""
        encoder = Encoder(self._exports.node)
        parts: tuple[Any, ...] = (type(error), f"the result cannot cross to the tests: {error}", (), {}, "", 0)
        return {"raised": True, "v": [encoder.encode(part) for part in parts], "n": encoder.nodes, "m": {}}

    def _reply(self, decoder: Decoder, before: dict[int, list[Any]], result: Any, raised: bool) -> Message:
        """The answer's result, and the arguments that the call changed."""
        known: dict[int, list[Any]] = {id(decoder.values[index]): ["a", index] for index in before}
        encoder = Encoder(self._exports.node, known)
        parts = exception_parts(result) if raised else [result]
        items = [encoder.encode(part) for part in parts]
        changed = {}
        for index, old in before.items():
            new = decoder.mutable[index].extract(decoder.values[index])
            if len(new) != len(old) or any(a is not b for a, b in zip(new, old, strict=True)):
                changed[str(index)] = [encoder.encode(part) for part in new[1:]]
        return {"v": items, "n": encoder.nodes, "m": changed}

    def _ask(self, operation: str, values: list[Any], keywords: dict[str, Any]) -> Any:
        """Call back one of the tests' objects."""
        encoder = Encoder(self._exports.node)
        items = [encoder.encode(value) for value in (operation, *values, keywords)]
        with self._lock:
            answer = self._caller.call({"v": items, "n": encoder.nodes})
        decoder = Decoder(answer["n"], self._exports.special, self._exports.codecs)
        (value,) = decoder.decode(answer["v"])
        if answer.get("raised"):
            raise value
        return value

    def do_load(self) -> tuple[list[str], list[str]]:
        """Run the program as a module. Its names, and those that a star import takes."""
        self._compiling = True
        compiled = compile(self._program, FILE, "exec", dont_inherit=True)
        self._compiling = False
        if self._tracing is not None:
            self._tracing.know(compiled)
        module = self._module = new_module(self._name, self._program)
        exec(compiled, module.__dict__)
        module = sys.modules.get(self._name, module)
        self._exports.handle(module)
        for name in self._shared:
            kind = getattr(module, name, None)
            if isinstance(kind, type) and kind.__module__ == self._name:
                self._exports.shared[name] = kind
        names = [name for name in vars(module) if not name.startswith("__")]
        public = getattr(module, "__all__", None)
        if not isinstance(public, (list, tuple)):
            public = [name for name in names if not name.startswith("_")]
        return names, [str(name) for name in public]

    def do_module(self, name: str) -> Any:
        return getattr(self._module, name)

    def do_set_module(self, name: str, value: Any) -> None:
        setattr(self._module, name, value)

    def do_delete_module(self, name: str) -> None:
        delattr(self._module, name)

    def do_call(self, function: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        return function(*arguments, **keywords)

    def do_getattr(self, value: Any, name: str) -> Any:
        return getattr(value, name)

    def do_setattr(self, value: Any, name: str, item: Any) -> None:
        setattr(value, name, item)

    def do_delattr(self, value: Any, name: str) -> None:
        delattr(value, name)

    def do_operate(self, value: Any, name: str, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        return remote.operate(value, name, arguments, keywords)

    def do_equal(self, value: Any, other: Any) -> Any:
        return bool(value == other)

    def do_hash(self, value: Any) -> int:
        return hash(value)

    def do_data(self, value: Any) -> dict[str, Any]:
        return data(value)

    def do_names(self, value: Any) -> list[str]:
        return [str(name) for name in dir(value)]

    def do_run(self, coroutine: Any) -> Any:
        """Run a coroutine to its end."""
        import asyncio

        async def wait() -> Any:
            return await coroutine

        return asyncio.run(wait())
