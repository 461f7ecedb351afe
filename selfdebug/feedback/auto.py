"""`--feedback auto`: the kinds of feedback that have paid off most for what happened, by `benchmarks.payoff`.

Learnt from runs of the 0.5B model on MBPP's validation split; docs/feedback.md has the table. No program there had a
syntax error: what is told of one is the authors' choice.
"""

from sandbox.types import Execution, Status
from selfdebug.options import Feedback

_BY_STATUS = {
    Status.SYNTAX_ERROR: (Feedback.UNIT_TEST, Feedback.GRAMMAR),
    Status.ERROR: (Feedback.SIMPLE,),
}
_OTHERWISE = (Feedback.UNIT_TEST,)


def chosen(execution: Execution | None) -> tuple[Feedback, ...]:
    """The kinds for a candidate of which this was observed."""
    return _BY_STATUS.get(execution.status, _OTHERWISE) if execution else _OTHERWISE
