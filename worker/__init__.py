"""The second driver: Celery tasks that carry the loop's steps out, on any number of machines.

`celery -A worker worker -Q generate` beside a model, `-Q execute` on sandbox hosts, `-Q advance` anywhere. Tasks carry
ids; what is to be done and what came of it are in the store, so that any worker may die at any moment.
"""

from worker.application import app

__all__ = ["app"]
