"""What the service counts, in Prometheus's words. Numbers and fixed labels only: no job's text, no key, no owner.

Each process counts what it does itself: the server its requests and what the store holds, a worker its generations
and executions. The embedded server is all of them in one.
"""

import threading
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import start_http_server
from prometheus_client.registry import Collector

from sandbox.types import Execution
from selfdebug.events import Completed, Event, Executed, Graded
from selfdebug.service.records import Job, Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PARTS = ("api", "store", "generator", "sandbox", "queue", "webhook")

# A second series for each, which Prometheus itself does not read.
disable_created_metrics()  # type: ignore[no-untyped-call]
registry = CollectorRegistry()

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)

jobs = Gauge("selfdebug_jobs", "Jobs in the store, by where they stand.", ["status"], registry=registry)
queue_age = Gauge("selfdebug_queue_age_seconds", "Age of the job that has waited longest.", registry=registry)
queue_depth = Gauge("selfdebug_queue_depth", "Jobs that wait to be started.", registry=registry)
store_up = Gauge("selfdebug_store_up", "Whether the store could be read for this answer.", registry=registry)
ended = Counter("selfdebug_jobs_ended", "Jobs that this process has ended.", ["status"], registry=registry)
turns_to_solve = Histogram(
    "selfdebug_turns_to_solve",
    "Turns that a solved job took.",
    buckets=(1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 50),
    registry=registry,
)
tokens = Counter("selfdebug_tokens", "Tokens read and written by models.", ["kind"], registry=registry)
generations = Counter(
    "selfdebug_generations", "Answers of models, by what they were for.", ["purpose"], registry=registry
)
generation_seconds = Histogram(
    "selfdebug_generation_seconds", "From request to answer of a model.", buckets=_SECONDS, registry=registry
)
generating = Gauge("selfdebug_generations_running", "Requests that models work on.", registry=registry)
batch_size = Histogram(
    "selfdebug_batch_size",
    "Requests that a model works on together, counted whenever one is added.",
    buckets=(1, 2, 4, 8, 16, 24, 32, 48, 64, 128),
    registry=registry,
)
executions = Counter("selfdebug_executions", "Programs run, by how they ended.", ["status"], registry=registry)
execution_seconds = Histogram(
    "selfdebug_execution_seconds", "Wall time of one program against its tests.", buckets=_SECONDS, registry=registry
)
executing = Gauge("selfdebug_executions_running", "Executions that are asked for and not answered.", registry=registry)
errors = Counter("selfdebug_errors", "Failures of the service itself, by its part.", ["part"], registry=registry)
for _status in Status:
    jobs.labels(_status)
    if _status.terminal:
        ended.labels(_status)
for _part in PARTS:
    errors.labels(_part)


class Batching(Protocol):
    """What a batching generator tells of itself (`selfdebug.generators.batching.BatchStats`)."""

    @property
    def steps(self) -> int: ...
    @property
    def tokens(self) -> int: ...
    @property
    def peak(self) -> int: ...
    @property
    def limit(self) -> int: ...
    @property
    def out_of_memory(self) -> int: ...
    @property
    def read(self) -> int: ...
    @property
    def shared(self) -> int: ...


class _Batches(Collector):
    """Reads generators' own counters when asked, so that writing a token costs nothing more."""

    def __init__(self) -> None:
        self.sources: dict[str, Callable[[], Batching | None]] = {}

    def collect(self) -> "Iterator[Metric]":
        steps = CounterMetricFamily("selfdebug_batch_steps", "Forwards of a local model.", labels=["model"])
        written = CounterMetricFamily(
            "selfdebug_batch_tokens", "Tokens they added: over the steps, the mean batch.", labels=["model"]
        )
        peak = GaugeMetricFamily("selfdebug_batch_peak", "The most samples in one step so far.", labels=["model"])
        limit = GaugeMetricFamily("selfdebug_batch_limit", "The most samples a step may have.", labels=["model"])
        short = CounterMetricFamily("selfdebug_batch_shortages", "Times that memory ran out.", labels=["model"])
        prompts = CounterMetricFamily(
            "selfdebug_prompt_tokens", "Tokens of prompts: read, or shared with what was read.", labels=["model", "how"]
        )
        for model, read in list(self.sources.items()):
            stats = read()
            if stats is not None:
                steps.add_metric([model], stats.steps)
                written.add_metric([model], stats.tokens)
                peak.add_metric([model], stats.peak)
                limit.add_metric([model], stats.limit)
                short.add_metric([model], stats.out_of_memory)
                prompts.add_metric([model, "read"], stats.read)
                prompts.add_metric([model, "shared"], stats.shared)
        yield from (steps, written, peak, limit, short, prompts)


class _Boxes(Collector):
    """Reads the sandbox's pool when asked."""

    def __init__(self) -> None:
        self.read: Callable[[], Mapping[str, int]] = dict

    def collect(self) -> "Iterator[Metric]":
        family = GaugeMetricFamily("selfdebug_sandbox_boxes", "Boxes of the sandbox, by state.", labels=["state"])
        for state, count in self.read().items():
            family.add_metric([state], count)
        yield family


_counting = threading.Lock()
_together: list[None] = []  # one for each request that models work on
_batches, _boxes = _Batches(), _Boxes()
registry.register(_batches)
registry.register(_boxes)


def watch_generator(generator: object, model: str) -> None:
    """Show the batches of a generator that keeps count of them (`stats`); of any other, nothing."""
    if hasattr(generator, "stats"):
        _batches.sources[model] = lambda: generator.stats


def watch_sandbox(read: "Callable[[], Mapping[str, int]]") -> None:
    """Show the sandbox's pool; `read` gives the number of boxes by state, for example `working`, `warm`, `spare`."""
    _boxes.read = read


@contextmanager
def generation() -> "Iterator[None]":
    """A model works on a request."""
    with _counting:
        _together.append(None)
        batch_size.observe(len(_together))
    generating.inc()
    try:
        yield
    finally:
        generating.dec()
        with _counting:
            _together.pop()


@contextmanager
def execution() -> "Iterator[None]":
    """The sandbox works on a program."""
    with executing.track_inprogress():
        yield


def happened(event: Event) -> None:
    """Count what one step of a job has come to. To be called once for each event that was written."""
    if isinstance(event, Completed):
        generations.labels(event.purpose).inc()
        generation_seconds.observe(event.completion.seconds)
        tokens.labels("prompt").inc(event.completion.prompt_tokens)
        tokens.labels("completion").inc(event.completion.completion_tokens)
    elif isinstance(event, Executed):
        ran([event.execution])
    elif isinstance(event, Graded):
        ran(event.executions)


def ran(done: Iterable[Execution]) -> None:
    """Count executions."""
    for each in done:
        executions.labels(each.status).inc()
        execution_seconds.observe(each.wall_s)


def job_ended(job: Job) -> None:
    """Count a job that has just reached its end."""
    ended.labels(job.status).inc()
    if job.status is Status.SOLVED:
        turns_to_solve.observe(job.progress.turns)


def failed(part: str) -> None:
    """Count a failure of the service itself; `part` is one of `PARTS`.

    Raises:
        ValueError: It is none of them.
    """
    if part not in PARTS:
        raise ValueError(f"{part!r} is no part of the service; there are {', '.join(PARTS)}")
    errors.labels(part).inc()


def stored(by_status: "Mapping[Status, int]", oldest_queued_s: float) -> None:
    """Take over what the store has just told."""
    for status in Status:
        jobs.labels(status).set(by_status.get(status, 0))
    queue_depth.set(by_status.get(Status.QUEUED, 0))
    queue_age.set(oldest_queued_s)


def exposition() -> bytes:
    """All of it in Prometheus's text format (`CONTENT_TYPE`)."""
    return generate_latest(registry)


def listen(port: int, host: str = "127.0.0.1") -> tuple[int, Callable[[], None]]:
    """Serve a worker's numbers at `/metrics` from a thread of its own; the port that it has, and what ends it.

    Raises:
        OSError: The port is taken, or may not be used.
    """
    server, thread = start_http_server(port, host, registry)

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return server.server_port, stop
