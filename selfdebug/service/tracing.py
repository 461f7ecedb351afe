"""Traces through OpenTelemetry, where the extra `otel` is installed and the environment says where to send them.

Names follow the semantic conventions for generative AI (`gen_ai.*`, OpenTelemetry semantic conventions 1.37). Spans
carry models, numbers, job ids and statuses; no prompt, answer or program. Without the extra, or without an endpoint,
nothing is imported and nothing is done.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol

from sandbox.types import Execution
from selfdebug.errors import InputError
from selfdebug.generator import Completion, GenerationRequest

if TYPE_CHECKING:
    from opentelemetry.trace import Span, SpanKind, Tracer

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


class Traced(Protocol):
    """A span that is open; what came of it is told before it closes."""

    def completed(self, completion: Completion) -> None: ...

    def executed(self, execution: Execution) -> None: ...


class _Untraced:
    def completed(self, completion: Completion) -> None:
        pass

    def executed(self, execution: Execution) -> None:
        pass


@dataclass(frozen=True)
class _Open:
    span: "Span"

    def completed(self, completion: Completion) -> None:
        self.span.set_attributes(
            {
                "gen_ai.response.model": completion.model,
                "gen_ai.response.finish_reasons": list(completion.finish_reasons),
                "gen_ai.usage.input_tokens": completion.prompt_tokens,
                "gen_ai.usage.output_tokens": completion.completion_tokens,
            }
        )

    def executed(self, execution: Execution) -> None:
        self.span.set_attributes(
            {
                "selfdebug.execution.status": str(execution.status),
                "selfdebug.execution.isolation": execution.isolation,
                "selfdebug.tests.passed": execution.tests_passed,
                "selfdebug.tests.total": len(execution.tests),
            }
        )


_UNTRACED = _Untraced()
_tracer: "Tracer | None" = None


def wanted() -> bool:
    """Whether the environment names an endpoint."""
    off = os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
    return not off and any(os.environ.get(name) for name in _ENDPOINTS)


def configure(service: str) -> None:
    """Begin to trace, where the environment names an endpoint; else nothing. `service`: `selfdebug-api`, ….

    Raises:
        InputError: An endpoint is named, and the extra is not installed.
    """
    if not wanted():
        return
    if find_spec("opentelemetry.exporter.otlp.proto.http") is None:
        name = next(name for name in _ENDPOINTS if os.environ.get(name))
        raise InputError(name, "", "is set, but OpenTelemetry is not installed: pip install 'selfdebug[otel]'")
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: os.environ.get("OTEL_SERVICE_NAME", service)}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    use(provider.get_tracer("selfdebug"))


def use(tracer: "Tracer | None") -> None:
    """Write spans with this tracer; None for no more spans."""
    global _tracer
    _tracer = tracer


@contextmanager
def generation(model: str, request: GenerationRequest, *, job: str = "") -> Iterator[Traced]:
    """One request to a model, as a `chat` span."""
    if _tracer is None:
        yield _UNTRACED
        return
    from opentelemetry.trace import SpanKind

    provider, _, name = model.partition(":") if model.startswith("openai:") else ("selfdebug", "", model)
    attributes: dict[str, str | int | float] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": provider,
        "gen_ai.request.model": name,
        "gen_ai.request.max_tokens": request.sampling.max_new_tokens,
        "gen_ai.request.temperature": request.sampling.temperature,
        "gen_ai.request.top_p": request.sampling.top_p,
        "gen_ai.request.seed": request.sampling.seed,
        "gen_ai.request.choice.count": request.n,
    }
    with _open(_tracer, f"chat {name}", SpanKind.CLIENT, job, attributes) as span:
        yield _Open(span)


@contextmanager
def execution(tests: int, *, job: str = "") -> Iterator[Traced]:
    """One program in the sandbox, as an `execute_tool` span."""
    if _tracer is None:
        yield _UNTRACED
        return
    from opentelemetry.trace import SpanKind

    attributes: dict[str, str | int | float] = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "sandbox",
        "gen_ai.tool.type": "function",
        "selfdebug.tests.total": tests,
    }
    with _open(_tracer, "execute_tool sandbox", SpanKind.INTERNAL, job, attributes) as span:
        yield _Open(span)


@contextmanager
def _open(
    tracer: "Tracer", name: str, kind: "SpanKind", job: str, attributes: dict[str, str | int | float]
) -> "Iterator[Span]":
    """A span; of an exception it tells the type alone, because messages quote what they choke on."""
    from opentelemetry.trace import Status, StatusCode

    if job:
        attributes["gen_ai.conversation.id"] = job
    with tracer.start_as_current_span(
        name, kind=kind, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as span:
        try:
            yield span
        except BaseException as error:
            span.set_attribute("error.type", type(error).__qualname__)
            span.set_status(Status(StatusCode.ERROR))
            raise
