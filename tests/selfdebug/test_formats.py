"""Problem files of every format in, and every way in which one can be wrong."""

# ruff: noqa: E501 -- the tables hold one case a line

import gzip
import io
import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.types import AssertSuite, CheckSuite, PytestSuite, StdioCase, StdioSuite
from selfdebug.errors import InputError
from selfdebug.formats import load_problem, load_problems, problem_schema
from selfdebug.formats.models import OwnProblem
from selfdebug.problem import Problem

Write = Callable[..., str]
OWN: dict[str, Any] = {"statement": "Add.", "tests": {"asserts": ["assert add(1, 2) == 3", "assert add(0, 0) == 0"]}}
HUMANEVAL: dict[str, Any] = {
    "task_id": "HumanEval/0",
    "prompt": 'def add(a, b):\n    """Add.\n    >>> add(1, 2)\n    3\n    """\n',
    "entry_point": "add",
    "canonical_solution": "    return a + b\n",
    "test": "def check(candidate):\n    assert candidate(1, 2) == 3\n",
}
MBPP: dict[str, Any] = {
    "text": "Write a function to add.",
    "code": "def add(a, b):\r\n  return a + b",
    "task_id": 11,
    "test_setup_code": "",
    "test_list": ["assert add(1, 2) == 3", "assert add(0, 0) == 0"],
    "challenge_test_list": [],
}


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(content: object, name: str = "p.json") -> str:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return str(path)

    return write


def error(path: str, **options: Any) -> InputError:
    with pytest.raises(InputError) as caught:
        load_problem(path, **options)
    assert str(caught.value).startswith(path.replace("\0", "\\0"))
    assert "\n" not in str(caught.value)
    return caught.value


def test_own_format(write: Write) -> None:
    problem = load_problem(write(OWN, "adding.json"))
    suite = AssertSuite(tuple(OWN["tests"]["asserts"]), entry_point="add")
    assert problem == Problem("adding", "Add.", "add", visible=suite)


def test_own_tests_of_every_kind(write: Write) -> None:
    check = {"check": "def check(candidate):\n    assert candidate(1)\n"}
    own = {"statement": "s", "entry_point": "f", "context": "def f(x):\n    '''Do.'''\n", "tests": check}
    assert load_problem(write(own)).visible == CheckSuite(check["check"], "f", own["context"])
    source = "from solution import f\n\n\ndef test_f():\n    assert f(1)\n"
    assert load_problem(write({"statement": "s", "tests": {"pytest": source}})).visible == PytestSuite(source, "f")
    pairs = [{"stdin": "1\n", "stdout": "2\n"}, {"stdin": "2\n", "stdout": "3\n"}]
    own = {"statement": "s", "tests": {"stdio": pairs}}
    cases = (StdioCase("1\n", "2\n"), StdioCase("2\n", "3\n"))
    assert load_problem(write(own)) == Problem("p", "s", visible=StdioSuite(cases))
    examples = load_problem(write(own), visible="examples")
    assert (examples.visible, examples.hidden) == (StdioSuite(cases[:1]), (StdioSuite(cases),))


def test_own_stdio_tests_say_how_they_are_compared(write: Write) -> None:
    pair = {"stdin": "", "stdout": "0.5\n"}
    tests = {"stdio": [pair, pair], "compare": "float", "tolerance": 0}
    case = StdioCase("", "0.5\n")
    full = StdioSuite((case, case), "float", 0.0)
    assert load_problem(write(own_tests(tests))).visible == full
    shown = load_problem(write(own_tests(tests)), visible="examples")
    assert (shown.visible, shown.hidden) == (StdioSuite((case,), "float", 0.0), (full,))
    for fields in ({"tests": tests}, {"hidden_tests": tests}):
        shown = load_problem(write({"statement": "s", "examples": [pair], **fields}), visible="examples")
        assert (shown.visible, shown.hidden) == (StdioSuite((case,), "float", 0.0), (full,))
    for compare in ("exact", "lines", "tokens", "float"):
        tests = {"stdio": [pair], "compare": compare}
        assert load_problem(write(own_tests(tests))).visible == StdioSuite((case,), compare)  # type: ignore[arg-type]


def test_own_hidden_tests_stay_hidden(write: Write) -> None:
    own = {**OWN, "hidden_tests": {"asserts": ["assert add(5, 5) == 10"]}}
    hidden = AssertSuite(("assert add(5, 5) == 10",), entry_point="add")
    for visible, count in (("all", 1), ("examples", 2)):
        problem = load_problem(write(own), visible=visible)  # type: ignore[arg-type]
        assert len(problem.hidden) == count
        assert problem.hidden[-1] == hidden
        assert "add(5, 5)" not in repr(problem.visible)


def test_own_examples_come_from_the_field_the_text_or_the_first_assert(write: Write) -> None:
    def shown(**fields: Any) -> tuple[str, ...]:
        suite = load_problem(write({**OWN, **fields}), visible="examples").visible
        assert isinstance(suite, AssertSuite)
        return suite.asserts

    assert shown() == ("assert add(1, 2) == 3",)
    assert shown(statement="add(2, 2) == 4") == ("assert add(2, 2) == 4",)
    assert shown(context="def add(a, b):\n    '''\n    >>> add(7, 1)\n    8\n    '''\n") == ("assert add(7, 1) == 8",)
    assert shown(statement="add(2, 2) == 4", examples=["assert add(9, 0) == 9"]) == ("assert add(9, 0) == 9",)


def test_own_without_tests(write: Write) -> None:
    assert load_problem(write({"statement": "s"})) == Problem("p", "s")
    assert load_problem(write({"statement": "s", "context": "def f(x):\n    ...\n"})).entry_point == "f"


def test_humaneval(write: Write) -> None:
    problem = load_problem(write(HUMANEVAL))
    full = CheckSuite(HUMANEVAL["test"], "add", HUMANEVAL["prompt"])
    assert (problem.visible, problem.hidden) == (full, ())
    assert (problem.statement, problem.context) == (HUMANEVAL["prompt"], HUMANEVAL["prompt"])
    assert problem.reference == HUMANEVAL["prompt"] + HUMANEVAL["canonical_solution"]
    examples = load_problem(write(HUMANEVAL), visible="examples")
    assert examples.visible == AssertSuite(("assert add(1, 2) == 3",), entry_point="add", context=HUMANEVAL["prompt"])
    assert examples.hidden == (full,)
    silent = {**HUMANEVAL, "prompt": "def add(a, b):\n    '''Add.'''\n"}
    assert load_problem(write(silent), visible="examples").visible is None


def test_humaneval_relatives(write: Write) -> None:
    plus = {"base_input": [[1, 2]], "plus_input": [], "contract": "", "atol": 0, "assertion": "", "plus": 1}
    assert load_problem(write({**HUMANEVAL, **plus})) == load_problem(write(HUMANEVAL))
    given_tests = {
        **HUMANEVAL,
        "given_tests": ["assert add(8, 8) == 16"],
        "solution": "",
        "reference_verdict": "failed",
    }
    suite = load_problem(write(given_tests), visible="examples").visible
    assert isinstance(suite, AssertSuite)
    assert suite.asserts == ("assert add(8, 8) == 16",)
    across = {**HUMANEVAL, "task_id": "Python/0", "declaration": "def add(a, b):\n", "example_test": "x"}
    del across["entry_point"]
    assert load_problem(write(across)).entry_point == "add"
    few_shot = {
        **HUMANEVAL,
        "prompt": "[c++]\nint add(int a) {\n[python]\n",
        "canonical_solution": "def add(a, b):\n    return a\n",
    }
    problem = load_problem(write(few_shot))
    assert (problem.context, problem.reference) == ("", few_shot["canonical_solution"])


def test_mbpp(write: Write) -> None:
    problem = load_problem(write(MBPP))
    suite = AssertSuite(tuple(MBPP["test_list"]), entry_point="add")
    assert (problem.id, problem.statement, problem.entry_point) == ("MBPP/11", MBPP["text"], "add")
    assert (problem.visible, problem.hidden, problem.context) == (suite, (), "")
    examples = load_problem(write(MBPP), visible="examples")
    assert examples.visible == AssertSuite(suite.asserts[:1], entry_point="add")
    assert examples.hidden == (suite,)
    sanitized = {
        "source_file": "x",
        "task_id": 2,
        "prompt": "Add.",
        "code": MBPP["code"],
        "test_imports": ["import math"],
    }
    sanitized |= {"test_list": MBPP["test_list"]}
    loaded = load_problem(write([sanitized])).visible
    assert isinstance(loaded, AssertSuite)
    assert loaded.setup == "import math"
    assert load_problem(write({**sanitized, "test": "anything"})).visible == loaded


def own_tests(tests: object, **fields: Any) -> dict[str, Any]:
    return {"statement": "s", "tests": tests, **fields}


F = {"asserts": ["assert f(1)"]}
IO = {"stdio": [{"stdin": "", "stdout": "1"}]}
WRONG: list[tuple[object, str, str]] = [
    ({**OWN, "test_s": 1}, "test_s", "did you mean 'tests'"),
    ({"tests": F}, "statement", "is missing"),
    ({"statement": ""}, "statement", "an empty string"),
    ({"statement": " \n"}, "statement", "white space"),
    ({"statement": 5}, "statement", "expected a string, found the number 5"),
    ({**OWN, "language": "java"}, "language", "expected 'python'"),
    ({**OWN, "entry_point": "1a"}, "entry_point", "expected a Python name"),
    ({**OWN, "entry_point": "class"}, "entry_point", "expected a Python name"),
    ({**OWN, "entry_point": "sub"}, "tests.asserts", "'sub'"),
    ({**OWN, "context": "def add(:"}, "context", "does not parse"),
    (own_tests({}), "tests", "holds no tests"),
    (own_tests([]), "tests", "expected an object"),
    (own_tests({"assert": []}), "tests", "Did you mean 'asserts'"),
    (own_tests({**F, "set_up": ""}), "tests.set_up", "did you mean 'setup'"),
    (own_tests({**F, "check": "x"}), "tests", "several kinds: asserts, check"),
    (own_tests({"asserts": []}), "tests.asserts", "at least one"),
    (own_tests({"asserts": "assert f(1)"}), "tests.asserts", "expected an array"),
    (own_tests({"asserts": ["assert f(1)", 5]}), "tests.asserts[1]", "expected a string"),
    (own_tests({"asserts": ["assert f(1)", "assert f("]}), "tests.asserts[1]", "was never closed"),
    (own_tests({"asserts": ["f(1) == 2"]}), "tests.asserts[0]", "one assert statement"),
    (own_tests({"asserts": ["assert f(1); assert f(2)"]}), "tests.asserts[0]", "2 statements"),
    (own_tests({"asserts": ["assert f(1)", "assert g(1)"]}), "entry_point", "f, g"),
    (own_tests({"asserts": ["assert True"]}), "entry_point", "cannot be told"),
    (own_tests({**F, "setup": "x ="}), "tests.setup", "does not parse"),
    (own_tests({"check": "x = 1"}, entry_point="f"), "tests.check", "check(candidate)"),
    (own_tests({"check": "def check():\n    assert 1"}, entry_point="f"), "tests.check", "one parameter"),
    (own_tests({"check": "def check(c):\n    pass"}, entry_point="f"), "tests.check", "is empty"),
    (own_tests({"check": "def check(c):\n    assert c(1)"}), "entry_point", "cannot be told"),
    (own_tests({"pytest": "x = 1"}), "tests.pytest", "test function"),
    (own_tests({"pytest": "def test_a(): pass", "module": "a b"}), "tests.module", "Python name"),
    (own_tests({"stdio": []}), "tests.stdio", "at least one"),
    (own_tests({"stdio": [{"stdin": ""}]}), "tests.stdio[0].stdout", "is missing"),
    (own_tests({"stdio": [{"stdin": "", "stdout": 1}]}), "tests.stdio[0].stdout", "expected a string"),
    (own_tests({"stdio": [{"stdin": "", "stdout": ""}]}, entry_point="f"), "entry_point", "stdio"),
    (own_tests({**IO, "compare": "close"}), "tests.compare", "expected 'exact', 'lines', 'tokens' or 'float', found"),
    (own_tests({**IO, "compare": None}), "tests.compare", "'float', found null"),
    (own_tests({**IO, "comapre": "exact"}), "tests.comapre", "did you mean 'compare'"),
    (own_tests({**IO, "tolerance": 0.1}), "tests.tolerance", "only used with compare 'float'"),
    (own_tests({**IO, "compare": "exact", "tolerance": 0.1}), "tests.tolerance", "only used with compare 'float'"),
    (own_tests({**IO, "compare": "float", "tolerance": "1"}), "tests.tolerance", "expected a number, found the string"),
    (own_tests({**IO, "compare": "float", "tolerance": True}), "tests.tolerance", "expected a number, found true"),
    (own_tests({**IO, "compare": "float", "tolerance": -1}), "tests.tolerance", "0 or more, found the number -1"),
    (own_tests({**IO, "compare": "float", "tolerance": math.inf}), "tests.tolerance", "0 or more, found an infinite"),
    (own_tests({**IO, "compare": "float", "tolerance": math.nan}), "tests.tolerance", "0 or more, found NaN"),
    (own_tests({**IO, "compare": "float", "tolerance": 10**400}), "tests.tolerance", "expected a smaller number"),
    ({"statement": "s", "hidden_tests": {**IO, "tolerance": 1}}, "hidden_tests.tolerance", "only used with"),
    (own_tests(F, hidden_tests={"asserts": ["assert f("]}), "hidden_tests.asserts[0]", "does not parse"),
    (own_tests(F, hidden_tests={"stdio": [{"stdin": "", "stdout": ""}]}), "hidden_tests", "one sort"),
    (own_tests(F, examples=[]), "examples", "at least one"),
    (own_tests(F, examples=["f(1)"]), "examples[0]", "one assert statement"),
    (own_tests(F, examples=[{"stdin": "", "stdout": ""}]), "examples", "not stdio"),
    (own_tests({"asserts": ["assert f('\ud800')"]}), "tests.asserts[0]", "surrogate"),
    ({**HUMANEVAL, "test_list": ["assert 1"]}, "", "two formats at once"),
    ({**HUMANEVAL, "statement": "s"}, "", "two formats at once"),
    ({**MBPP, "statement": "s"}, "", "two formats at once"),
    ({**MBPP, "test": "def check(candidate): pass"}, "", "two formats at once"),
    ({key: value for key, value in HUMANEVAL.items() if key != "test"}, "test", "is missing"),
    ({key: value for key, value in HUMANEVAL.items() if key != "prompt"}, "prompt", "is missing"),
    ({key: value for key, value in HUMANEVAL.items() if key != "entry_point"}, "entry_point", "is missing"),
    ({**HUMANEVAL, "test": ""}, "test", "an empty string"),
    ({**HUMANEVAL, "test": "def test(): pass"}, "test", "check(candidate)"),
    ({**HUMANEVAL, "entry_point": "a b"}, "entry_point", "Python name"),
    ({**HUMANEVAL, "entrypoint": "a"}, "entrypoint", "did you mean 'entry_point'"),
    ({**HUMANEVAL, "task_id": "Go/0", "import": ""}, "task_id", "Go problem"),
    ({key: value for key, value in MBPP.items() if key != "test_list"}, "test_list", "is missing"),
    ({**MBPP, "test_list": []}, "test_list", "at least one"),
    ({**MBPP, "test_list": ["assert add(1"]}, "test_list[0]", "does not parse"),
    ({"question": "s"}, "", "no known format"),
    ({}, "", "empty object"),
    (["x"], "[0]", "the string 'x'"),
    ([], "", "empty JSON array"),
    ("text", "", "the string 'text'"),
]


@pytest.mark.parametrize(("content", "place", "says"), WRONG)
def test_wrong_problems_say_where_and_what(write: Write, content: object, place: str, says: str) -> None:
    caught = error(write(content))
    assert caught.place == place
    assert says in caught.problem


FILES: list[tuple[bytes, str, str, str]] = [
    (b"", "p.json", "", "is empty"),
    (b" \n", "p.jsonl", "", "is empty"),
    (b"{", "p.json", "line 1, column 2", "not JSON"),
    (b'{"a": 1,}', "p.json", "line 1, column 9", "not JSON"),
    (b'{"a": "\xe9"}', "p.json", "byte 7", "0xe9"),
    (b'\xef\xbb\xbf{"a": "\xe9"}', "p.json", "byte 10", "0xe9"),
    (b"\xff\xfe{\0", "p.json", "byte 0", "UTF-16"),
    (b"[" * 100_000, "p.json", "", "nested too deeply"),
    (b'{"a": ' + b"9" * 5000 + b"}", "p.json", "", "too many digits"),
    (b'{"statement": NaN}', "p.json", "statement", "NaN"),
    (b'{"statement": "a", "statement": "b"}', "p.json", "", "stands twice"),
    (b'{"a":\n1}', "p.jsonl", "line 1, column 6", "one whole object a line"),
    (b'{"statement": "a"}\nx\n', "p.jsonl", "line 2, column 1", "not JSON"),
    (b'{"statement": "a"}\n5\n', "p.jsonl", "line 2", "found the number 5"),
    (b"{}", "p.json.gz", "", "not gzip"),
    (gzip.compress(json.dumps(OWN).encode(), mtime=0)[:-9], "p.json.gz", "", "ends too early"),
    (b"\x1f\x8b", "p.json.gz", "", "ends too early"),
    (gzip.compress(b"{}", mtime=0)[:-4] + b"abcd", "p.json.gz", "", "damaged"),
]


@pytest.mark.parametrize(("content", "name", "place", "says"), FILES)
def test_wrong_files_say_where_and_what(write: Write, content: bytes, name: str, place: str, says: str) -> None:
    caught = error(write(content, name))
    assert caught.place == place
    assert says in caught.problem


def test_unreadable_paths(tmp_path: Path, write: Write) -> None:
    path = write(OWN, "problem.json")
    assert f"did you mean {path}?" in error(path.replace("problem.json", "problm.json")).problem
    assert "is a directory" in error(str(tmp_path)).problem
    assert "null byte" in error("a\0b").problem
    assert error("x" * 5000).problem


def test_good_files(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    content = json.dumps(OWN).encode()
    loaded = load_problem(write(content))
    assert load_problem(write(b"\xef\xbb\xbf" + content)) == loaded
    assert load_problem(write(gzip.compress(content), "p.json.gz")) == loaded
    assert load_problem(write(json.dumps(OWN, indent=2).encode() + b"\r\n")) == loaded
    lines = (
        json.dumps({**OWN, "id": "a"})
        + "\n\n"
        + json.dumps({**OWN, "id": "b", "statement": "a\u2028b"}, ensure_ascii=False)
    )
    for name in ("p.jsonl", "p.txt"):
        assert [problem.id for problem in load_problems(write(lines.encode(), name))] == ["a", "b"]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert load_problem("-").id == "problem"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"{")))
    with pytest.raises(InputError, match="standard input: line 1, column 2"):
        load_problem("-")


def test_choosing_by_task_id(write: Write) -> None:
    names = ["HumanEval/0", "HumanEval/1", "HumanEval/10"]
    path = write("\n".join(json.dumps({**HUMANEVAL, "task_id": name}) for name in names).encode(), "p.jsonl")
    assert "3 problems" in error(path).problem
    for asked in ("HumanEval/1", "humaneval/1", "1"):
        assert load_problem(path, task_id=asked).id == "HumanEval/1"
    assert "HumanEval/10" in error(path, task_id="HumanEval/100").problem
    broken = json.dumps(HUMANEVAL) + "\n" + json.dumps({**HUMANEVAL, "task_id": "b", "test": 5})
    assert load_problem(write(broken.encode(), "p.jsonl"), task_id="HumanEval/0").id == "HumanEval/0"
    with pytest.raises(InputError, match=r"line 2, test: expected a string"):
        load_problems(write(broken.encode(), "p.jsonl"))
    twice = write((json.dumps(HUMANEVAL) + "\n" + json.dumps(HUMANEVAL)).encode(), "p.jsonl")
    assert error(twice, task_id="HumanEval/0").place == "line 2, task_id"
    assert load_problem(write(MBPP), task_id="11").id == "MBPP/11"


@pytest.mark.parametrize(
    ("file", "count", "shown"),
    [
        ("humaneval/HumanEval.jsonl.gz", 164, 160),
        ("mbpp/mbpp.jsonl", 974, 974),
        ("transcoder/probs.jsonl", 560, 560),
        ("llm-programs/humaneval-gpt-3.5-turbo.jsonl", 164, 164),
        ("llm-programs/humaneval-starcoder.jsonl", 164, 164),
        ("llm-programs/mbpp-starcoder.jsonl", 500, 500),
        ("llm-programs/transcoder-starcoder.jsonl", 560, 560),
    ],
)
def test_whole_data_sets(data: Path, file: str, count: int, shown: int) -> None:
    problems = load_problems(str(data / file), visible="examples")
    assert len(problems) == count
    assert sum(problem.visible is not None for problem in problems) >= shown
    assert all(len(problem.hidden) == 1 and problem.entry_point for problem in problems)


def test_a_test_that_does_not_parse_is_an_error_only_when_it_is_the_one_to_solve(data: Path) -> None:
    assert "does not parse" in error(str(data / "transcoder" / "probs.jsonl"), task_id="TransCoder/280").problem


def test_the_schema_describes_what_is_accepted(write: Write) -> None:
    schema = problem_schema()
    assert schema["additionalProperties"] is False
    assert schema["required"] == ["statement"]
    assert set(schema["properties"]) == set(OwnProblem.model_fields)
    assert all("description" in field for field in schema["properties"].values())
    for index, example in enumerate(schema["examples"]):
        assert load_problem(write(example, f"{index}.json")).visible is not None
    json.dumps(schema)


def loads_or_says_why(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    for visible in ("all", "examples"):
        try:
            problems = load_problems(str(path), visible=visible)  # type: ignore[arg-type]
        except InputError as caught:
            problems, message = [], str(caught)
        else:
            message = str(path)
        assert message.encode().startswith(str(path).encode())
        assert all(isinstance(problem, Problem) for problem in problems)


FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
SOURCES = st.sampled_from(["assert f(1)", "assert f(", "def check(candidate):\n    assert candidate(1)", "def f(x):\n    '''f(1) == 2'''\n", "f", "",
                           "x = 1", "def test_a():\n    pass", "\0", "\ud800", "(" * 300, "-" * 5000 + "1"])  # fmt: skip


@FUZZ
@given(st.binary())
def test_any_bytes_are_a_problem_or_an_input_error(tmp_path: Path, content: bytes) -> None:
    loads_or_says_why(tmp_path / "p.json", content)
    loads_or_says_why(tmp_path / "p.json.gz", gzip.compress(content)[: len(content) + 12])


@FUZZ
@given(
    st.sampled_from([OWN, HUMANEVAL, MBPP]),
    st.dictionaries(
        st.sampled_from([*OwnProblem.model_fields, *HUMANEVAL, *MBPP, "given_tests", "asserts", "other"]),
        JSON | SOURCES | st.lists(SOURCES, max_size=2) | st.dictionaries(st.sampled_from(["asserts", "check", "pytest", "stdio", "setup", "module", "compare", "tolerance"]), SOURCES | st.lists(SOURCES | JSON, max_size=2), max_size=2),
        max_size=3,
    ),
    st.lists(st.sampled_from([*OWN, *HUMANEVAL, *MBPP]), max_size=2),
)  # fmt: skip
def test_any_fields_are_a_problem_or_an_input_error(
    tmp_path: Path, base: dict[str, Any], changes: dict[str, Any], dropped: list[str]
) -> None:
    row = {key: value for key, value in {**base, **changes}.items() if key not in dropped or key in changes}
    loads_or_says_why(tmp_path / "p.json", json.dumps(row).encode())
