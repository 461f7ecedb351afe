"""The Celery application and its configuration."""

import sys
from typing import Any

from celery import Celery
from celery.signals import celeryd_init
from kombu.entity import Queue

from selfdebug.errors import InputError
from selfdebug.service.broker import ADVANCE, CONNECTION, QUEUES, transport
from selfdebug.service.settings import Settings, read_settings
from selfdebug.service.steps import Kind


def configuration(settings: Settings) -> dict[str, Any]:
    """Celery's settings. Nothing is kept in a result backend: the store is the record."""
    redis = CONNECTION | {"visibility_timeout": settings.visibility_s}
    url = settings.redis_url or "redis://localhost:6379/0"
    return {
        "broker_url": url,
        "broker_transport": transport(url),
        "broker_transport_options": redis,
        "result_backend_transport_options": redis,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,  # a broker that is gone comes back
        "broker_channel_error_retry": True,
        "accept_content": ["json"],
        "task_serializer": "json",
        "result_serializer": "json",
        "task_ignore_result": True,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_queues": [Queue(name) for name in QUEUES],  # type: ignore[no-untyped-call]
        "task_default_queue": ADVANCE,
        "task_create_missing_queues": False,
        "worker_prefetch_multiplier": 1,
        "worker_pool": "worker.pool:TaskPool",
        "worker_soft_shutdown_timeout": settings.shutdown_s,
        "worker_max_memory_per_child": settings.worker_memory_bytes // 1024 or None,  # where `-P prefork` is asked for
        "imports": ["worker.tasks"],
    }


try:
    settings = read_settings()
except InputError as error:
    sys.exit(f"Error: {error}")
app = Celery("worker", set_as_current=False)
app.conf.update(configuration(settings))


def _size(conf: Any, options: dict[str, Any], **_: Any) -> None:
    """As many tasks at once as the queues make sense of; they only wait, so a thread each will do."""
    at_once = {ADVANCE: 4, Kind.GENERATE: settings.generations, Kind.EXECUTE: 2 * settings.boxes}
    conf.worker_concurrency = sum(at_once[queue] for queue in served(options.get("queues")) if queue in at_once)


celeryd_init.connect(_size, weak=False)


def served(queues: str | list[str] | None) -> list[str]:
    """The queues that `-Q` names; all without one."""
    named = queues.split(",") if isinstance(queues, str) else list(queues or ())
    return [name.strip() for name in named] or list(QUEUES)
