"""From a checked row of any format to a `Problem`: which tests the model may see, and which only grade."""

from dataclasses import replace
from pathlib import PurePath
from typing import Literal

from sandbox.types import AssertSuite, CheckSuite, PytestSuite, StdioCase, StdioSuite, Suite
from selfdebug.formats import sources, transcoder
from selfdebug.formats.models import (
    AssertTests,
    CheckTests,
    HumanEvalRow,
    MbppRow,
    OwnProblem,
    PytestTests,
    StdioPair,
    StdioTests,
)
from selfdebug.formats.read import STANDARD_INPUT, Row, fail, quoted
from selfdebug.formats.recognise import recognise
from selfdebug.formats.spider import SpiderRow, from_spider
from selfdebug.problem import Problem
from selfdebug.syntax import complete

Visible = Literal["all", "examples", "first"]
AnyTests = AssertTests | CheckTests | PytestTests | StdioTests


def to_problem(row: Row, visible: Visible, keep_broken: bool = False) -> Problem:
    """The row as a problem.

    Args:
        visible: Whose tests' outcome the model may be shown: `all` that are not marked as hidden, the examples, or
            the `first` of these.
        keep_broken: Take a data set's test that does not parse as it is. A few rows of TransCoder have such; a
            program fails them, and the rest of the file is still good.

    Raises:
        InputError: The row is wrong.
    """
    problem = _to_problem(row, "examples" if visible == "first" else visible, keep_broken)
    if visible == "first":
        problem = replace(problem, visible=_first(problem.visible))
    return replace(problem, illustrative=visible != "all" and bool(problem.hidden))


def _to_problem(row: Row, visible: Visible, keep_broken: bool) -> Problem:
    model = recognise(row)
    match model:
        case HumanEvalRow(prompt=prompt) if (source := transcoder.source(prompt)) is not None:
            return _from_transcoder(row, model, source, visible, keep_broken)
        case HumanEvalRow():
            return _from_humaneval(row, model, visible, keep_broken)
        case MbppRow():
            return _from_mbpp(row, model, visible)
        case SpiderRow():
            return from_spider(row, model, row_id(row))
        case OwnProblem():
            return _from_own(row, model, visible)


def _first(suite: Suite | None) -> Suite | None:
    """The suite's first test alone, where its tests can be told apart."""
    match suite:
        case AssertSuite():
            return replace(suite, asserts=suite.asserts[:1])
        case StdioSuite():
            return replace(suite, cases=suite.cases[:1])
    return suite


def row_id(row: Row) -> str:
    """The name of a row's problem, also of a row that is wrong otherwise."""
    name = row.fields.get("task_id", row.fields.get("id"))
    if name is None and "db_id" in row.fields:
        return f"Spider/{row.place.removeprefix('line ').strip('[]') or 0}"
    if type(name) is int:
        return f"MBPP/{name}"
    return name if isinstance(name, str) and name else _file_id(row)


def _file_id(row: Row) -> str:
    stem = "problem" if row.source == STANDARD_INPUT else PurePath(row.source).name.split(".")[0] or "problem"
    return f"{stem}/{row.place.removeprefix('line ').strip('[]')}" if row.place else stem


def _from_humaneval(row: Row, model: HumanEvalRow, visible: Visible, keep_broken: bool) -> Problem:
    if not (keep_broken and not sources.parses(model.test) and "def check(" in model.test):
        sources.require_check(row, "test", model.test)
    entry_point = model.entry_point or sources.called_check(model.test) or sources.open_function(model.prompt)
    if not entry_point:
        fail(row, "entry_point", "is missing, and neither test nor prompt shows which function is meant; give it")
    sources.require_identifier(row, "entry_point", entry_point)
    context = model.prompt if complete(model.prompt) is not None else ""
    full = CheckSuite(model.test, entry_point, context)
    shown: Suite | None = full
    hidden: tuple[Suite, ...] = ()
    if visible == "examples":
        asserts = _given_tests(row, model, keep_broken)
        if asserts is None:
            asserts = _in_text(model.prompt, entry_point)
        shown = AssertSuite(asserts, entry_point=entry_point, context=context) if asserts else None
        hidden = (full,)
    return Problem(
        id=model.task_id,
        statement=model.prompt,
        entry_point=entry_point,
        context=context,
        visible=shown,
        hidden=hidden,
        reference=sources.whole_program(model.prompt, model.canonical_solution, entry_point),
    )


def _from_transcoder(row: Row, model: HumanEvalRow, source: str, visible: Visible, keep_broken: bool) -> Problem:
    """A function to translate. Its tests are ten asserts; of a row with one that does not parse, no program passes."""
    graded = _from_humaneval(row, model, "all", keep_broken)
    assert graded.visible is not None
    asserts = _given_tests(row, model, keep_broken) or ()
    whole = len(asserts) == len(model.given_tests or ()) and sources.parses(model.test)
    shown = asserts if visible == "all" else asserts[:1]
    return replace(
        graded,
        statement=transcoder.statement(source),
        visible=AssertSuite(shown, entry_point=graded.entry_point) if shown else None,
        hidden=() if visible == "all" and asserts and whole else (graded.visible,),
    )


def _given_tests(row: Row, model: HumanEvalRow, keep_broken: bool) -> tuple[str, ...] | None:
    if model.given_tests is None:
        return None
    if keep_broken:
        return tuple(source for source in model.given_tests if sources.parses(source))
    return _asserts(row, "given_tests", model.given_tests)


def _from_mbpp(row: Row, model: MbppRow, visible: Visible) -> Problem:
    asserts = _asserts(row, "test_list", model.test_list)
    setup = "\n".join(part for part in (*model.test_imports, model.test_setup_code) if part.strip())
    setup = sources.require_program(row, "test_setup_code", setup.replace("\r\n", "\n"))
    defined = sources.defined(model.code)
    called = sources.called_in_asserts(asserts, setup, "")
    named = [name for name in called if name in defined] or called
    if len(named) != 1:
        fail(row, "test_list", _ambiguous(named, "the asserts"))
    suite = AssertSuite(asserts, setup=setup, entry_point=named[0])
    first = AssertSuite(asserts[:1], setup=setup, entry_point=named[0])
    return Problem(
        id=row_id(row),
        statement=model.text or model.prompt or "",
        entry_point=named[0],
        visible=suite if visible == "all" else first,
        hidden=() if visible == "all" else (suite,),
        reference=model.code.replace("\r\n", "\n"),
    )


def _from_own(row: Row, model: OwnProblem, visible: Visible) -> Problem:
    if model.context.strip() and complete(model.context) is None:
        sources.require_program(row, "context", model.context)
    entry_point = _own_entry_point(row, model)
    full = _suite(row, "tests", model.tests, entry_point, model.context)
    held_back = _suite(row, "hidden_tests", model.hidden_tests, entry_point, model.context)
    examples = _own_examples(row, model, entry_point)
    hidden = (held_back,) if held_back else ()
    shown = full or examples
    if visible == "examples" and full is not None:
        shown = examples or _found_examples(model, entry_point, full)
        hidden = (full, *hidden)
    return Problem(
        id=model.id or _file_id(row),
        statement=model.statement,
        entry_point=entry_point,
        context=model.context,
        visible=shown,
        hidden=hidden,
        reference=model.reference,
        language=model.language,
    )


def _own_entry_point(row: Row, model: OwnProblem) -> str:
    """The entry point as given, or as the tests or the context show it."""
    kinds = {type(tests) for tests in (model.tests, model.hidden_tests) if tests is not None}
    if StdioTests in kinds:
        if model.entry_point is not None:
            fail(row, "entry_point", "has no meaning with stdio tests, which run the whole program; leave it out")
        if len(kinds) > 1:
            fail(row, "hidden_tests", "stdio tests run a whole program, the others a function; use one sort for both")
        return ""
    if model.entry_point is not None:
        return sources.require_identifier(row, "entry_point", model.entry_point)
    for place, tests in (("tests", model.tests), ("hidden_tests", model.hidden_tests)):
        if tests is None:
            continue
        names = _shown_names(row, place, tests, model.context)
        if len(names) == 1:
            return names[0]
        if (function := sources.open_function(model.context)) and (not names or function in names):
            return function
        if not isinstance(tests, PytestTests):
            fail(row, "entry_point", _ambiguous(names, place))
    return sources.open_function(model.context)


def _shown_names(row: Row, place: str, tests: AnyTests, context: str) -> list[str]:
    match tests:
        case AssertTests():
            asserts = _asserts(row, f"{place}.asserts", tests.asserts)
            return sources.called_in_asserts(asserts, tests.setup, context)
        case CheckTests():
            name = sources.called_check(sources.require_check(row, f"{place}.check", tests.check))
            return [name] if name else []
        case PytestTests():
            return sources.imported_from(tests.pytest, tests.module)
        case StdioTests():
            return []


def _ambiguous(names: list[str], where: str) -> str:
    found = f"{where} call {', '.join(names)}" if names else f"{where} show no function that the solution must define"
    return f"is not given, and cannot be told: {found}. Give the field 'entry_point' with the function's name"


def _suite(row: Row, place: str, tests: AnyTests | None, entry_point: str, context: str) -> Suite | None:
    match tests:
        case None:
            return None
        case AssertTests():
            asserts = _asserts(row, f"{place}.asserts", tests.asserts)
            setup = sources.require_program(row, f"{place}.setup", tests.setup)
            if not any(sources.mentions(source, entry_point) for source in (*asserts, setup)):
                fail(row, f"{place}.asserts", f"none of them uses the entry point {quoted(entry_point)}; mend its name")
            return AssertSuite(asserts, setup, entry_point, context)
        case CheckTests():
            return CheckSuite(sources.require_check(row, f"{place}.check", tests.check), entry_point, context)
        case PytestTests():
            sources.require_pytest(row, f"{place}.pytest", tests.pytest)
            module = sources.require_identifier(row, f"{place}.module", tests.module)
            return PytestSuite(tests.pytest, entry_point, module)
        case StdioTests():
            if tests.tolerance is not None and tests.compare != "float":
                fail(row, f"{place}.tolerance", "is only used with compare 'float'; leave it out, or compare so")
            return _stdio_suite(tests.stdio, tests)


def _stdio_suite(pairs: list[StdioPair], like: StdioTests | None) -> StdioSuite:
    """A suite of these pairs, compared as other tests of the problem are."""
    suite = StdioSuite(tuple(StdioCase(pair.stdin, pair.stdout) for pair in pairs))
    if like is None:
        return suite
    tolerance = suite.tolerance if like.tolerance is None else like.tolerance
    return replace(suite, compare=like.compare, tolerance=tolerance)


def _own_examples(row: Row, model: OwnProblem, entry_point: str) -> Suite | None:
    """The examples that the file gives, as tests."""
    if not model.examples:
        return None
    pairs = [item for item in model.examples if isinstance(item, StdioPair)]
    asserts = [item for item in model.examples if isinstance(item, str)]
    if pairs and asserts:
        fail(row, "examples", "holds both asserts and input and output pairs; keep one kind")
    if pairs:
        if model.tests is not None and not isinstance(model.tests, StdioTests):
            fail(row, "examples", "holds input and output pairs, but the tests are not stdio tests; give asserts")
        like = model.tests or model.hidden_tests
        return _stdio_suite(pairs, like if isinstance(like, StdioTests) else None)
    if isinstance(model.tests, StdioTests):
        fail(row, "examples[0]", "expected an object with stdin and stdout, as the tests are, found an assert")
    setup = model.tests.setup if isinstance(model.tests, AssertTests) else ""
    checked = _asserts(row, "examples", asserts)
    if not entry_point:
        fail(row, "entry_point", "is missing; the examples need it")
    return AssertSuite(checked, setup, entry_point, model.context)


def _found_examples(model: OwnProblem, entry_point: str, full: Suite) -> Suite | None:
    """Examples for the model where the file marks none: those in the text, or the first of the tests."""
    for text in (model.context, model.statement):
        if entry_point and (asserts := _in_text(text, entry_point)):
            setup = full.setup if isinstance(full, AssertSuite) else ""
            return AssertSuite(asserts, setup, entry_point, model.context)
    if isinstance(full, AssertSuite):
        return AssertSuite(full.asserts[:1], full.setup, entry_point, model.context)
    return replace(full, cases=full.cases[:1]) if isinstance(full, StdioSuite) else None


def _in_text(text: str, entry_point: str) -> tuple[str, ...]:
    from selfdebug.examples import docstring_examples  # for who shows examples alone; a run need not wait for it

    return docstring_examples(text, entry_point)


def _asserts(row: Row, place: str, asserts: list[str]) -> tuple[str, ...]:
    return tuple(sources.require_assert(row, f"{place}[{index}]", source) for index, source in enumerate(asserts))
