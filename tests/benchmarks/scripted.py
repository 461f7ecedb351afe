"""An OpenAI-compatible server on loopback whose answer is a function of the question: the same one gets the same."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Question = dict[str, Any]
Answer = Callable[[Question], str]
"""From the request's body, with `messages` and, unless it is greedy, `seed`, to the reply."""


class ScriptedModel:
    """The server.

    Attributes:
        address: Up to `/v1`, for `OPENAI_BASE_URL`.
        asked: How often each question came, by its messages and seed.
        before: Called with each question before it is answered, in a thread of its own.
    """

    def __init__(self, answer: Answer) -> None:
        self.address = ""
        self.asked: Counter[str] = Counter()
        self.before: Callable[[Question], None] = lambda question: None
        self._answer = answer
        self._counting = threading.Lock()

    @classmethod
    @contextmanager
    def running(cls, answer: Answer) -> Iterator["ScriptedModel"]:
        model = cls(answer)

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                model._handle(self)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        server = _Server(("127.0.0.1", 0), Handler)
        model.address = f"http://127.0.0.1:{server.server_address[1]}/v1"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield model
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def _handle(self, request: BaseHTTPRequestHandler) -> None:
        question = json.loads(request.rfile.read(int(request.headers["content-length"])))
        key = json.dumps([question["messages"], question.get("seed")])
        with self._counting:
            self.asked[key] += 1
        self.before(question)
        text = self._answer(question)
        prompt = sum(len(message["content"]) for message in question["messages"])
        usage = {"prompt_tokens": prompt // 4, "completion_tokens": len(text) // 4}
        usage["total_tokens"] = sum(usage.values())
        # Text and end in one piece: the client then waits for the counts instead of hanging up at the code's end.
        choice = {"index": 0, "delta": {"content": text}, "finish_reason": "stop"}
        pieces = [_piece([choice]), _piece([], usage=usage), b"data: [DONE]\n\n"]
        try:
            request.send_response(200)
            request.send_header("Content-Type", "text/event-stream")
            request.send_header("Connection", "close")
            request.end_headers()
            request.wfile.write(b"".join(pieces))
        except ConnectionError:
            pass  # whoever asked has been killed


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True
    request_queue_size = 256


def _piece(choices: list[dict[str, Any]], **more: object) -> bytes:
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices, **more}
    return f"data: {json.dumps(chunk)}\n\n".encode()
