"""Messages to Celery's workers, by the tasks' names: what is sent may be lost, and the sweep sends it again.

Messages carry ids only; what they are about is in the store.
"""

from typing import Any

import redis.exceptions
from celery import Celery
from kombu.exceptions import KombuError

from selfdebug.service import logs, metrics, redis_transport
from selfdebug.service.steps import Kind, Step, kind_of

ADVANCE = "advance"
QUEUES = (ADVANCE, *Kind)
ADVANCE_TASK, RELEASE_TASK, RUN_TASK = "selfdebug.advance", "selfdebug.release", "selfdebug.run"
PATIENCE_S = 2.0  # for a broker that does not answer
CONNECTION: dict[str, Any] = {
    "socket_timeout": PATIENCE_S,
    "socket_connect_timeout": PATIENCE_S,
    "socket_keepalive": True,
    "health_check_interval": 10,
}

_RETRY = {"max_retries": 1, "interval_start": 0.05, "interval_max": 0.05}
_log = logs.get(__name__)


def transport(url: str) -> str | None:
    """Celery's transport for a broker; None for the one that its URL names."""
    return redis_transport.NAME if url.startswith(redis_transport.SCHEMES) else None


class Broker:
    """Sends tasks. Safe to use from many threads. No method raises for want of the broker."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    @classmethod
    def at(cls, url: str) -> "Broker":
        """A broker for a process that is no worker."""
        app = Celery("selfdebug", broker=url, set_as_current=False)
        app.conf.update(
            task_ignore_result=True,
            broker_transport=transport(url),
            broker_transport_options=CONNECTION,
            broker_pool_limit=8,
        )
        return cls(app)

    def release(self) -> None:
        """Let queued jobs run, as far as there are places."""
        self._send(RELEASE_TASK, queue=ADVANCE)

    def advance(self, job: str) -> None:
        """Find out what comes next for a job, and see to it."""
        self._send(ADVANCE_TASK, job, queue=ADVANCE)

    def step(self, job: str, step: Step) -> None:
        """Carry a step out."""
        kind = kind_of(step.name)
        self._send(f"selfdebug.{kind}", job, step.name, queue=kind)

    def run(self, request: str) -> None:
        """Run a program without a job."""
        self._send(RUN_TASK, request, queue=kind_of("x"))

    def _send(self, task: str, *args: Any, queue: str) -> None:
        try:
            self._app.send_task(task, args=args, queue=queue, ignore_result=True, retry=True, retry_policy=_RETRY)
        except (KombuError, redis.exceptions.RedisError, OSError) as error:
            metrics.failed("queue")
            _log.warning("a task could not be sent; the sweep will do so again", task=task, note=logs.clean(str(error)))
