"""Plain Celery: an application of its own, whose only task does nothing, with Celery's own settings.

`celery -A benchmarks.speed.service_noop worker`; the broker's URL is in SPEED_BROKER.
"""

import os

from celery import Celery

app = Celery("noop", broker=os.environ.get("SPEED_BROKER", "redis://localhost:6379/0"), set_as_current=False)
app.conf.update(task_ignore_result=True, broker_connection_retry_on_startup=True)


@app.task(name="speed.noop")  # type: ignore[untyped-decorator]
def noop() -> None:
    """Do nothing."""
