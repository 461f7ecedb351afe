"""Spans, read back from OpenTelemetry's own exporter; and nothing at all without it."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from sandbox.types import Execution, TestResult
from sandbox.types import Status as Verdict
from selfdebug.errors import GenerationError
from selfdebug.generator import Completion, GenerationRequest, Message, Sampling
from selfdebug.service import tracing

REQUEST = GenerationRequest((Message("user", "a secret prompt"),), Sampling(temperature=0.5, max_new_tokens=64, seed=3))


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing.use(provider.get_tracer("test"))
    yield exporter
    tracing.use(None)
    provider.shutdown()


def test_a_request_to_a_model_carries_the_gen_ai_names(spans: InMemorySpanExporter) -> None:
    with tracing.generation("openai:qwen", REQUEST, job="j1") as traced:
        traced.completed(Completion(("a secret answer",), 30, 7, 0.5, "qwen-2", finish_reasons=("stop",)))
    [span] = spans.get_finished_spans()
    attributes = dict(span.attributes or {})
    assert span.name == "chat qwen"
    assert attributes["gen_ai.operation.name"] == "chat"
    assert attributes["gen_ai.provider.name"] == "openai"
    assert attributes["gen_ai.request.model"] == "qwen"
    assert attributes["gen_ai.request.max_tokens"] == 64
    assert attributes["gen_ai.response.model"] == "qwen-2"
    assert attributes["gen_ai.response.finish_reasons"] == ("stop",)
    assert attributes["gen_ai.usage.input_tokens"] == 30
    assert attributes["gen_ai.usage.output_tokens"] == 7
    assert attributes["gen_ai.conversation.id"] == "j1"
    assert "secret" not in span.to_json()


def test_an_execution_tells_how_it_ended_and_no_code(spans: InMemorySpanExporter) -> None:
    with tracing.execution(2, job="j1") as traced:
        test = TestResult("assert secret(1)", Verdict.FAILED)
        traced.executed(Execution(Verdict.FAILED, (test,), isolation="bubblewrap"))
    [span] = spans.get_finished_spans()
    attributes = dict(span.attributes or {})
    assert attributes["gen_ai.operation.name"] == "execute_tool"
    assert attributes["selfdebug.execution.status"] == "failed"
    assert attributes["selfdebug.tests.passed"] == 0
    assert "secret" not in span.to_json()


def test_a_failure_is_told_by_its_type_alone(spans: InMemorySpanExporter) -> None:
    with pytest.raises(GenerationError), tracing.generation("m", REQUEST):
        raise GenerationError("a secret answer")
    [span] = spans.get_finished_spans()
    assert span.status.status_code is StatusCode.ERROR
    assert dict(span.attributes or {})["error.type"] == "GenerationError"
    assert "secret" not in span.to_json()


def test_without_an_endpoint_nothing_is_imported_and_nothing_is_done() -> None:
    code = (
        "import sys\n"
        "from selfdebug.generator import Completion, GenerationRequest\n"
        "from selfdebug.service import tracing\n"
        "tracing.configure('selfdebug-api')\n"
        "with tracing.generation('m', GenerationRequest(())) as traced:\n"
        "    traced.completed(Completion(('x',), 1, 1, 0.1))\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60, env={})
    assert done.stdout.strip() == "[]"


def test_an_endpoint_without_the_extra_is_told() -> None:
    code = (
        "from selfdebug.errors import InputError\n"
        "from selfdebug.service import tracing\n"
        "tracing.find_spec = lambda name: None\n"
        "try:\n"
        "    tracing.configure('selfdebug-api')\n"
        "except InputError as error:\n"
        "    print(error)\n"
    )
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60, env=environment
    )
    assert "OTEL_EXPORTER_OTLP_ENDPOINT: is set, but OpenTelemetry is not installed" in done.stdout
    assert "selfdebug[otel]" in done.stdout
