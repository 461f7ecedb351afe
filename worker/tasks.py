"""The tasks, and the worker's life: when it opens what it needs, and how it ends."""

import logging
import threading
import time
from typing import Any

from celery.signals import setup_logging, worker_init, worker_ready, worker_shutdown, worker_shutting_down
from celery.worker import state

from selfdebug.errors import SelfDebugError
from selfdebug.service import logs, metrics, tracing
from selfdebug.service.broker import ADVANCE_TASK, RELEASE_TASK, RUN_TASK, Broker
from worker.application import app, served, settings
from worker.process import Process

_AGAIN_S = 2.0
_log = logs.get(__name__)
_queues = served(None)
_opening = threading.Lock()
_draining = threading.Event()
_process: Process | None = None


def process() -> Process:
    """What this process holds; opened by the first who asks."""
    global _process
    with _opening:
        if _process is None:
            _process = Process(settings, Broker(app), _queues)
            if _draining.is_set():  # told to end while this was opened
                _process.drain()
        return _process


@app.task(name=ADVANCE_TASK)  # type: ignore[untyped-decorator]
def advance(job: str) -> None:
    process().advance(job)


@app.task(name="selfdebug.generate")  # type: ignore[untyped-decorator]
def generate(job: str, step: str) -> None:
    process().step(job, step)


@app.task(name="selfdebug.execute")  # type: ignore[untyped-decorator]
def execute(job: str, step: str) -> None:
    process().step(job, step)


@app.task(name=RELEASE_TASK)  # type: ignore[untyped-decorator]
def release() -> None:
    process().release()


@app.task(name=RUN_TASK)  # type: ignore[untyped-decorator]
def run(request: str) -> None:
    process().run(request)


def _begin(sender: Any, **_: Any) -> None:
    global _queues
    _queues = [queue.name for queue in sender.app.amqp.queues.consume_from.values()]
    if settings.metrics_port:
        try:
            metrics.listen(settings.metrics_port, settings.metrics_host)
        except OSError as error:
            _log.error("the numbers cannot be shown", port=settings.metrics_port, note=error.strerror or "")


def _open(**_: Any) -> None:
    threading.Thread(target=_open_patiently, name="opening", daemon=True).start()


def _open_patiently() -> None:
    """Open what is needed before the first task asks for it; the store may not be there yet."""
    while not state.should_stop:
        try:
            process()
        except SelfDebugError as error:
            _log.warning("a worker cannot begin yet", note=logs.clean(str(error)))
            time.sleep(_AGAIN_S)
        else:
            return


def _log_lines(loglevel: Any = "INFO", **_: Any) -> None:
    """Instead of Celery's own lines."""
    logs.configure(level=logging.getLevelName(loglevel) if isinstance(loglevel, int) else loglevel or "INFO")
    for name in ("celery.worker.strategy", "celery.app.trace"):
        logging.getLogger(name).setLevel(logging.WARNING)  # two lines a task, which the store tells better
    tracing.configure("selfdebug-worker")


def _drain(**_: Any) -> None:
    _draining.set()
    if _process:
        _process.drain()


def _close(**_: Any) -> None:
    if _process:
        _process.close()


setup_logging.connect(_log_lines, weak=False)
worker_init.connect(_begin, weak=False)
worker_ready.connect(_open, weak=False)
worker_shutting_down.connect(_drain, weak=False)
worker_shutdown.connect(_close, weak=False)
