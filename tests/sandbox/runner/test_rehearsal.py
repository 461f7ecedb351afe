"""What is rehearsed before candidates are forked: that it is the real thing, and that nothing of it stays."""

import gc
import json
import sys

from sandbox.runner import rehearsal
from sandbox.runner.candidate import _Agent
from sandbox.runner.channel import Link


def test_the_program_is_loaded_and_every_call_is_answered_with_the_value_that_was_sent() -> None:
    answers = []

    def serve(link: Link, order: dict[str, object], trace: None) -> None:
        send = link.send

        def heard(frame: bytes) -> None:
            answers.append(json.loads(frame[4:]))
            send(frame)

        link.send = heard  # type: ignore[method-assign]
        _Agent().serve(link, order, trace)

    rehearsal.rehearse(serve)

    loaded, function, *calls = answers
    assert not any(answer.get("raised") for answer in answers)
    assert loaded["v"]
    assert function["n"][0][0] == "fn"
    assert len(calls) == len(rehearsal._VALUES) * rehearsal._TIMES
    scalars = [value for value in rehearsal._VALUES if not isinstance(value, list | dict | tuple)]
    assert [answer["v"] for answer in calls if not answer["n"]] == [[value] for value in scalars] * rehearsal._TIMES


def test_nothing_of_it_stays() -> None:
    gc.collect()
    modules, classes = set(sys.modules), len(object.__subclasses__())

    rehearsal.rehearse(_Agent().serve)

    gc.collect()
    assert set(sys.modules) == modules
    assert len(object.__subclasses__()) == classes
