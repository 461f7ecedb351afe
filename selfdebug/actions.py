"""The actions that the loop asks for: requests to the model and runs in the sandbox, as many as the budget allows."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sandbox.types import AssertSuite, Execution, StdioSuite, Suite, TestResult
from selfdebug.conversation import beginning, conversation, demonstrations
from selfdebug.events import Execute, Generate, Look, Move, Observe, Purpose
from selfdebug.generator import GenerationRequest
from selfdebug.probes import probes
from selfdebug.state import State, Turn

_LOOK_EXECUTIONS = {Look.SMALLEST: 20, Look.TRACE: 1}
_FEW_PROBES = 4
_MESSAGE_TOKENS = 16  # what a chat template may put around a message


def generations(state: State, wanted: Iterable[tuple[Purpose, Move]]) -> tuple[Generate, ...]:
    """The requests, in that order; fewer, and at last none, where the budget's tokens do not allow all.

    The first may overspend them by its prompt, which is not counted before it is read. What is asked beside it may
    not: it has to fit in what is left, each byte of its prompt taken for a token.
    """
    left = _tokens_left(state)
    if left <= 0:
        return ()
    asked: list[Generate] = []
    costs: list[int] = []
    begun = len(state.turns)
    for purpose, move in wanted:
        action = _generate(state, purpose, move, begun, len(asked))
        cost = _most_tokens(action.request)
        if asked and sum(costs) + cost > left:
            break
        costs.append(cost)
        begun += 0 if purpose.talks else move.n
        asked.append(action)
    if left < float("inf"):
        first = asked[0]
        sampling = first.request.sampling
        most = max(min(sampling.max_new_tokens, int(left - sum(costs[1:])) // first.request.n), 1)
        request = replace(first.request, sampling=replace(sampling, max_new_tokens=most))
        asked[0] = replace(first, request=request)
    return tuple(asked)


def executions(state: State, turns: Sequence[Turn]) -> tuple[Execute, ...]:
    """The runs of these turns' candidates, as many as the budget's executions allow."""
    problem, limits = state.problem, state.options.limits
    suite = problem.visible or problem.probe or AssertSuite(asserts=(), entry_point=problem.entry_point)
    left = _executions_left(state)
    return tuple(
        Execute(state.step + number, turn.candidate.program, suite, limits, turn.number)
        for number, turn in enumerate(turns, 1)
        if number <= left
    )


def inputs_wanted(state: State) -> bool:
    """Whether hardly a call is known that may tell candidates apart, so that the model is to be asked for others."""
    suite = state.problem.visible
    if not isinstance(suite, AssertSuite) or not state.problem.entry_point:
        return False
    known = probes(suite, state.problem.entry_point)
    return known is None or len(known.asserts) < _FEW_PROBES


def probings(state: State, turns: Sequence[Turn]) -> tuple[Execute, ...]:
    """Runs that tell these turns' candidates apart; none where nothing does, or the budget does not allow all."""
    suite, limits = state.problem.visible, state.options.limits
    written = next((talk.text for talk in turns[0].talks if talk.purpose is Purpose.INPUTS), "")
    asked = probes(suite, state.problem.entry_point, written) if isinstance(suite, AssertSuite) else None
    if asked is None or len(turns) > _executions_left(state):
        return ()
    return tuple(
        Execute(state.step + number, turn.candidate.program, asked, limits, turn.number, probe=True)
        for number, turn in enumerate(turns, 1)
    )


def observations(state: State, wanted: Iterable[tuple[Look, int]]) -> tuple[Observe, ...]:
    """The closer looks at turns by their numbers, as many as the budget's executions allow."""
    suite, left = state.problem.visible, _executions_left(state)
    assert suite is not None, "a test that fails is a visible one"
    asked: list[Observe] = []
    for look, number in wanted:
        turn = state.turn(number)
        test, execution = turn.failing, turn.execution
        assert test is not None
        assert execution is not None
        most = int(min(left, _LOOK_EXECUTIONS[look]))
        if most <= 0:
            break
        left -= most
        step, program, alone = state.step + len(asked) + 1, turn.candidate.program, _alone(suite, execution, test)
        asked.append(Observe(step, look, program, alone, test, state.options.limits, most, number))
    return tuple(asked)


def _generate(state: State, purpose: Purpose, move: Move, begun: int, asked: int) -> Generate:
    budget, sampling = state.options.budget, state.options.sampling
    talks = purpose.talks
    messages, prompts = conversation(state, purpose, move)
    prefix = "" if talks or move.parent else beginning(state.problem, move.phrasing)
    sampling = replace(
        sampling,
        temperature=sampling.temperature if talks else move.temperature,
        seed=sampling.seed + begun,
        max_new_tokens=state.options.explanation_tokens if talks else sampling.max_new_tokens,
        stop_after_code=not talks,
        stop=demonstrations(state.problem) if prefix else (),
    )
    timeout_s = None if budget.seconds is None else max(budget.seconds - state.at_s, 0.001)
    request = GenerationRequest(messages, sampling, 1 if talks else move.n, timeout_s, prefix)
    number = move.parent if talks else begun + 1
    return Generate(state.step + asked + 1, purpose, request, prompts, number, move)


def _tokens_left(state: State) -> float:
    most = state.options.budget.tokens
    return float("inf") if most is None else most - state.usage.tokens


def _most_tokens(request: GenerationRequest) -> int:
    """What a request can cost at most: no token is shorter than a byte."""
    texts = (request.prefix, *(message.content for message in request.messages))
    prompt = sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)
    return prompt + (len(request.messages) + 2) * _MESSAGE_TOKENS + request.n * request.sampling.max_new_tokens


def _executions_left(state: State) -> float:
    most = state.options.budget.executions
    return float("inf") if most is None else most - state.usage.executions


def _alone(suite: Suite, execution: Execution, test: TestResult) -> Suite:
    """The suite with that test alone, where its tests can be taken apart."""
    index = execution.tests.index(test)
    if isinstance(suite, AssertSuite) and index < len(suite.asserts):
        return replace(suite, asserts=(suite.asserts[index],))
    if isinstance(suite, StdioSuite) and index < len(suite.cases):
        return replace(suite, cases=(suite.cases[index],))
    return suite
