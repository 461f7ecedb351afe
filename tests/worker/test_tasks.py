"""How a worker's life begins and ends, where the two meet."""

import threading

import pytest

from worker import tasks


class Opening:
    """A process that takes its time to open."""

    begun, opened = threading.Event(), threading.Event()
    drained = 0

    def __init__(self, *_: object) -> None:
        self.begun.set()
        assert self.opened.wait(30.0)

    def drain(self) -> None:
        self.drained += 1


def test_what_is_opened_while_the_worker_is_told_to_end_drains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "Process", Opening)
    monkeypatch.setattr(tasks, "_process", None)
    monkeypatch.setattr(tasks, "_draining", threading.Event())
    opener = threading.Thread(target=tasks.process)
    opener.start()
    assert Opening.begun.wait(30.0)
    tasks._drain()
    Opening.opened.set()
    opener.join(30.0)
    process = tasks.process()
    assert isinstance(process, Opening)
    assert process.drained == 1
