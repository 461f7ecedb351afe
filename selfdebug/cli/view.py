"""Shows a solve in a terminal, turn by turn, live or replayed: the same events, the same picture."""

import difflib
from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.rule import Rule
from rich.status import Status as Spinner
from rich.syntax import Syntax
from rich.text import Text

from sandbox.types import Execution, Status, TestResult
from selfdebug.events import Action, Completed, Event, Generate, Graded, Look, Observe, Observed, Purpose, Submitted
from selfdebug.prompts import shorten
from selfdebug.state import Reason, State, Turn

_DOING = {
    Purpose.WRITE: "the model writes a program",
    Purpose.EXPLAIN: "the model explains its program",
    Purpose.TRACE: "the model walks through a failing test",
    Purpose.BLOCKS: "the model judges what its program did, block by block",
    Purpose.JUDGE: "the model explains and judges its program",
    Purpose.REPAIR: "the model repairs its program",
    Purpose.INPUTS: "the model writes calls that may tell programs apart",
    Purpose.CHOOSE: "the model says which of two programs is right in a call",
}
_LOOKING = {
    Look.SMALLEST: "the sandbox looks for a smaller input that fails",
    Look.TRACE: "the sandbox traces the failing test",
}
_RUNNING = "the sandbox runs the tests"
_SAID = {
    Purpose.EXPLAIN: "explains",
    Purpose.TRACE: "walks through the failing test",
    Purpose.BLOCKS: "judges what happened",
    Purpose.JUDGE: "explains and judges",
    Purpose.INPUTS: "writes calls that may tell programs apart",
    Purpose.CHOOSE: "says which of two programs is right in a call",
}
_ENDED = {
    Reason.PASSED: "every visible test passes",
    Reason.JUDGED: "there is no visible test; the model calls its program right",
    Reason.TURNS: "the turns of the budget are used up",
    Reason.TOKENS: "the tokens of the budget are used up",
    Reason.SECONDS: "the seconds of the budget are used up",
    Reason.EXECUTIONS: "the executions of the budget are used up",
    Reason.CANCELLED: "cancelled",
}
_SHOWN_FAILURES = 2
_SHOWN_EXPLANATION_LINES = 12


class View:
    """Prints each event of one solve as it happens; a spinner stands for what is being waited for."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._spinner: Spinner | None = None
        self._shown = 0  # turns

    def __call__(self, event: Event, state: State) -> None:
        self._wait_for(None)
        if isinstance(event, Submitted):
            self._console.print(_heading(state))
        elif isinstance(event, Completed) and event.purpose.talks:
            self._console.print(_talk(event))
        elif isinstance(event, Observed):
            self._console.print(_observation(event))
        elif isinstance(event, Graded):
            self._console.print(_graded(event))
        for turn in state.turns[self._shown :]:
            if turn.candidate.program and turn.execution is None:
                break  # it is still to be run
            self._console.print(_turn(state, turn))
            self._shown = turn.number
        if state.outcome and not isinstance(event, Graded):
            self._console.print(_ending(state))
        self._wait_for(state)

    def _wait_for(self, state: State | None) -> None:
        if self._spinner:
            self._spinner.stop()
        self._spinner = None
        if state is None or not self._console.is_terminal:
            return
        doing = _doing(state.waiting)
        if doing:
            self._spinner = self._console.status(f"{doing} …")
            self._spinner.start()

    def close(self) -> None:
        """Take the spinner away; harmless when repeated."""
        self._wait_for(None)


def _doing(waiting: Sequence[Action]) -> str:
    """What is being waited for; empty at the end."""
    action = waiting[0]
    if action.kind == "finish":
        return ""
    if not isinstance(action, Generate):
        return f"turn {action.turn}: {_LOOKING[action.look] if isinstance(action, Observe) else _RUNNING}"
    text, count = _DOING[action.purpose], len(waiting)
    if not action.purpose.talks:
        count = sum(other.request.n for other in waiting if isinstance(other, Generate))
    if count == 1:
        return f"turn {action.turn}: {text}"
    text = text.replace("a program", f"{count} programs").replace("its program", f"{count} programs")
    return text if action.purpose.talks else f"turns {action.turn} to {action.turn + count - 1}: {text}"


def _heading(state: State) -> RenderableType:
    options, visible = state.options, state.problem.visible
    feedback = "+".join(options.feedback) if visible else "explanation alone: no visible test"
    how = f"strategy {options.strategy} · feedback {feedback}"
    facts = f"{options.model} · {how} · at most {options.budget.turns} turns"
    return Group(Text(state.problem.id, style="bold"), Text(facts, style="dim"))


def _turn(state: State, turn: Turn) -> RenderableType:
    parent = turn.candidate.parent
    origin = f" from turn {parent}" if parent not in (0, turn.number - 1) else ""
    title = f"[bold]turn {turn.number}[/]{origin} {_count(turn)}"
    right = f"{turn.tokens:,} tokens · {turn.seconds:.1f} s"
    parts: list[RenderableType] = [Text(), Rule(f"{title} [dim]· {right}[/]", align="left", style="dim")]
    parts.append(Padding(_program(state, turn), (0, 0, 0, 2)))
    parts += [Text(f"  {note}", style="dim italic") for note in turn.candidate.notes]
    if turn.execution and not turn.candidate.repeats:
        parts += _execution(turn.execution)
    return Group(*parts)


def _count(turn: Turn) -> str:
    execution = turn.execution
    if not turn.candidate.program:
        return "[red]no program in the reply[/]"
    if turn.candidate.repeats:
        return f"[yellow]the same program as turn {turn.candidate.repeats}[/]"
    if execution is None:
        return "[yellow]not run[/]"
    if not execution.tests:
        return "[green]loads[/]" if execution.passed else f"[red]{_words(execution.status)}[/]"
    colour = "green" if execution.passed else "red"
    return f"[{colour}]{execution.tests_passed} of {len(execution.tests)} tests pass[/]"


def _program(state: State, turn: Turn) -> RenderableType:
    if turn.candidate.repeats:
        return Text()
    if not turn.candidate.program:
        return Text(shorten(turn.candidate.reply.strip(), 600) or "(an empty reply)", style="dim")
    parent = state.turn(turn.candidate.parent) if turn.candidate.parent else None
    before = parent.candidate.program if parent else ""
    if not before:
        return Syntax(turn.candidate.program.strip(), "python", theme="ansi_dark", background_color="default")
    return _diff(before, turn.candidate.program)


def _diff(before: str, after: str) -> Text:
    styles = {"+": "green", "-": "red", "@": "cyan dim"}
    lines = list(difflib.unified_diff(before.strip().splitlines(), after.strip().splitlines(), n=2, lineterm=""))[2:]
    text = Text()
    for line in lines:
        text.append(line + "\n", style=styles.get(line[:1], "dim"))
    text.rstrip()
    return text


def _execution(execution: Execution) -> list[RenderableType]:
    marks = Text("  ")
    for test in execution.tests:
        marks.append("●" if test.passed else ("○" if not test.ran else "✗"), style="green" if test.passed else "red")
    parts: list[RenderableType] = [marks] if execution.tests else []
    if execution.exception:
        return [*parts, _raised(execution.exception.type, execution.exception.message, execution.exception.traceback)]
    failing = [test for test in execution.tests if not test.passed]
    parts += [_failure(test) for test in failing[:_SHOWN_FAILURES]]
    if len(failing) > _SHOWN_FAILURES:
        parts.append(Text(f"  … and {len(failing) - _SHOWN_FAILURES} more", style="dim"))
    return parts


def _failure(test: TestResult) -> RenderableType:
    what = shorten(test.call or test.name, 200)
    if not test.ran:
        return Text(f"  ○ {what}: not run", style="dim")
    if test.status is Status.FAILED and test.expected is not None and test.actual is not None:
        line = Text.assemble(("  ✗ ", "red"), what, (" gave ", "dim"), (shorten(test.actual, 200), "red"))
        return line.append(" expected ", style="dim").append(shorten(test.expected, 200), style="green")
    line = Text.assemble(("  ✗ ", "red"), what, (f" {_words(test.status)}", "red"))
    if test.message and not test.exception:
        line.append(f" {shorten(test.message, 200)}", style="dim")
    if not test.exception:
        return line
    return Group(line, _raised(test.exception.type, test.exception.message, test.exception.traceback))


def _raised(kind: str, message: str, traceback: str) -> RenderableType:
    line = Text(f"  {kind}: {shorten(message, 300)}", style="red")
    return (
        Group(line, Padding(Text(shorten(traceback.rstrip(), 800), style="dim"), (0, 0, 0, 4))) if traceback else line
    )


def _observation(event: Observed) -> RenderableType:
    if event.look is Look.SMALLEST and event.smallest is None:
        return Text("  no smaller input that fails was found", style="dim")
    if event.smallest:
        return Group(Text("  a smaller input fails too:", style="blue"), _failure(event.smallest))
    steps = len(event.trace.steps) if event.trace else 0
    said = (
        f"  {steps} steps of the failing test were traced" if steps else "  nothing of the failing test could be traced"
    )
    return Text(said, style="blue")


def _talk(event: Completed) -> RenderableType:
    lines = event.completion.texts[0].strip().splitlines()
    shown = "\n".join(lines[:_SHOWN_EXPLANATION_LINES])
    more = f"\n… {len(lines) - _SHOWN_EXPLANATION_LINES} more lines" if len(lines) > _SHOWN_EXPLANATION_LINES else ""
    head = Text(f"  the model {_SAID[event.purpose]}:", style="blue")
    return Group(head, Padding(Text(shown + more, style="dim"), (0, 0, 0, 4)))


def _graded(event: Graded) -> Text:
    tests = [test for execution in event.executions for test in execution.tests]
    said = f"hidden tests, turn {event.turn}: {sum(test.passed for test in tests)} of {len(tests)} pass"
    return Text(said, style="green" if event.passed else "red")


def _ending(state: State) -> RenderableType:
    assert state.outcome
    usage, ended = state.usage, _ENDED[state.outcome.reason]
    counts = [(len(state.turns), "turn"), (usage.tokens, "token"), (usage.executions, "execution")]
    spent = " · ".join(f"{count:,} {word}{'' if count == 1 else 's'}" for count, word in counts)
    spent += f" · {state.at_s:.1f} s"
    colour = "green" if state.outcome.solved else "red"
    return Group(Text(), Rule(f"[bold {colour}]{escape(ended)}[/] [dim]· {spent}[/]", align="left", style=colour))


def _words(status: Status) -> str:
    return status.value.replace("_", " ")
