"""The numbers, as Prometheus reads them."""

import threading
import urllib.request
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from sandbox.types import Execution
from sandbox.types import Status as Verdict
from selfdebug.events import Completed, Executed, Graded, Purpose
from selfdebug.generator import Completion, GenerationRequest
from selfdebug.generators.batching import BatchStats
from selfdebug.service import metrics
from selfdebug.service.records import Job, Progress, Status

NOW = datetime(2026, 1, 1, tzinfo=UTC)
JOB = Job("j", "", "add", "m", Status.SOLVED, "", "", NOW, NOW, NOW, 3, 3, Progress(turns=3))


def read(name: str, **labels: str) -> float:
    """One sample; 0 where there is none yet."""
    for family in text_string_to_metric_families(metrics.exposition().decode()):
        for sample in family.samples:
            if sample.name == name and labels.items() <= sample.labels.items():
                return float(sample.value)
    return 0.0


def gain(name: str, act: Any, **labels: str) -> float:
    before = read(name, **labels)
    act()
    return read(name, **labels) - before


def completed(purpose: Purpose = Purpose.WRITE) -> Completed:
    return Completed(1, purpose, GenerationRequest(()), Completion(("x",), 30, 7, 0.5))


def test_an_answer_counts_its_tokens_and_what_it_was_for() -> None:
    def happen() -> None:
        metrics.happened(completed(Purpose.REPAIR))

    assert gain("selfdebug_tokens_total", happen, kind="prompt") == 30
    assert gain("selfdebug_tokens_total", happen, kind="completion") == 7
    assert gain("selfdebug_generations_total", happen, purpose="repair") == 1
    assert gain("selfdebug_generation_seconds_sum", happen) == 0.5


def test_executions_count_by_how_they_ended_the_hidden_ones_too() -> None:
    def happen() -> None:
        metrics.happened(Executed(2, "x", Execution(Verdict.TIMEOUT, wall_s=2.0)))
        metrics.happened(Graded(1, (Execution(Verdict.PASSED), Execution(Verdict.TIMEOUT))))

    assert gain("selfdebug_executions_total", happen, status="timeout") == 2
    assert gain("selfdebug_executions_total", happen, status="passed") == 1


def test_only_solved_jobs_tell_how_many_turns_they_took() -> None:
    assert gain("selfdebug_turns_to_solve_sum", lambda: metrics.job_ended(JOB)) == 3
    assert gain("selfdebug_turns_to_solve_sum", lambda: metrics.job_ended(replace(JOB, status=Status.UNSOLVED))) == 0
    assert gain("selfdebug_jobs_ended_total", lambda: metrics.job_ended(JOB), status="solved") == 1


def test_every_state_is_there_from_the_start_and_one_that_is_left_goes_to_zero() -> None:
    metrics.stored({Status.QUEUED: 4, Status.RUNNING: 2}, 12.5)
    assert read("selfdebug_jobs", status="queued") == 4
    assert read("selfdebug_queue_depth") == 4
    assert read("selfdebug_queue_age_seconds") == 12.5
    metrics.stored({Status.RUNNING: 1}, 0.0)
    assert read("selfdebug_jobs", status="queued") == 0
    text = metrics.exposition().decode()
    for status in Status:
        assert f'selfdebug_jobs{{status="{status}"}}' in text


def test_requests_at_once_are_seen_as_a_batch() -> None:
    inside = threading.Barrier(3, timeout=10)
    leave = threading.Event()

    def work() -> None:
        with metrics.generation():
            inside.wait()
            leave.wait(10)

    before = read("selfdebug_batch_size_sum")
    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    inside.wait()
    assert read("selfdebug_generations_running") == 2
    leave.set()
    for thread in threads:
        thread.join()
    assert read("selfdebug_generations_running") == 0
    assert read("selfdebug_batch_size_sum") - before == 1 + 2


def test_a_generator_s_own_batches_are_read_when_asked() -> None:
    class Batching:
        stats: BatchStats | None = None

    generator = Batching()
    metrics.watch_generator(generator, "tiny")
    metrics.watch_generator(object(), "without")
    assert read("selfdebug_batch_steps_total", model="tiny") == 0
    generator.stats = BatchStats(steps=10, tokens=80, peak=16, limit=32)
    assert read("selfdebug_batch_steps_total", model="tiny") == 10
    assert read("selfdebug_batch_tokens_total", model="tiny") == 80
    assert read("selfdebug_batch_peak", model="tiny") == 16


def test_the_sandbox_s_pool_is_read_when_asked() -> None:
    metrics.watch_sandbox(lambda: {"working": 2, "warm": 5})
    assert read("selfdebug_sandbox_boxes", state="working") == 2
    assert read("selfdebug_sandbox_boxes", state="warm") == 5


def test_a_part_that_does_not_exist_cannot_fail() -> None:
    assert gain("selfdebug_errors_total", lambda: metrics.failed("sandbox"), part="sandbox") == 1
    with pytest.raises(ValueError, match="there are api, store"):
        metrics.failed("kitchen")


def test_a_worker_shows_its_own_numbers() -> None:
    port, stop = metrics.listen(0)
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            assert b"selfdebug_executions_total" in answer.read()
    finally:
        stop()
