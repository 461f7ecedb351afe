import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from selfdebug.code_stop import closed_code_block_end

FENCED = "```python\nx = 1\n```"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (FENCED, FENCED),
        (FENCED + "\nand prose", FENCED),
        (FENCED + "  \t\nand prose", FENCED),
        ("Prose first:\n" + FENCED + "\n" + FENCED, "Prose first:\n" + FENCED),
        ("~~~\nx\n```\n~~~\n", "~~~\nx\n```\n~~~"),
        ("````md\n```python\nx\n```\n````\n", "````md\n```python\nx\n```\n````"),
        ("```\nx\n`````\ny", "```\nx\n`````"),
        ("   ```\nx\n  ```\ny", "   ```\nx\n  ```"),
        ("```\r\nx\r\n```\r\ny", "```\r\nx\r\n```"),
        ("```\n```\n", "```\n```"),
        ('```py\ns = """\n```text\n"""\n```\n', '```py\ns = """\n```text\n"""\n```'),
        ("~~~ a`b ~ c\nx\n~~~", "~~~ a`b ~ c\nx\n~~~"),
    ],
)
def test_ends_just_after_the_closing_fence(text: str, kept: str) -> None:
    end = closed_code_block_end(text)
    assert end is not None
    assert text[:end] == kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no code",
        "```python\nx = 1\n",
        "```python\nx = 1\n``` # not alone\n",
        "````\nx\n```\n",
        "```\nx\n~~~\n",
        "    ```\nx\n    ```\n",
        "inline ```x``` only\n",
        "``` a ` b\nx\n```\n",
        "```\nx\n    ```\n",
        "say ```\nx\n```\n",
    ],
)
def test_no_complete_block(text: str) -> None:
    assert closed_code_block_end(text) is None


def test_a_growing_text_waits_for_the_end_of_the_line() -> None:
    assert closed_code_block_end("```\nx\n```", partial=True) is None
    assert closed_code_block_end("```\nx\n```text", partial=True) is None
    assert closed_code_block_end("```\nx\n```\n", partial=True) == 9


LINES = st.lists(
    st.sampled_from(
        [
            "",
            "x = 1",
            "```",
            "````",
            "```python",
            "~~~",
            "~~~~ `",
            " ```",
            "   ~~~",
            "    ```",
            "``` ",
            "```\t",
            "``",
            "a ```",
        ]
    ),
    max_size=12,
)


def by_markdown_it(text: str) -> str | None:
    """The first closed block with what stands before it, as a full CommonMark parser sees it."""
    lines = text.split("\n")
    for token in MarkdownIt("zero").enable(["fence", "code"]).parse(text):
        if token.type == "fence":
            assert token.map
            start, end = token.map
            closing = re.fullmatch(rf"( {{0,3}}{re.escape(token.markup)}{token.markup[0]}*)[ \t]*", lines[end - 1])
            return "\n".join([*lines[: end - 1], closing[1]]) if closing and end - 1 > start else None
    return None


@given(LINES, st.booleans())
@example(["```", "```", "```"], True)
def test_agrees_with_a_commonmark_parser(lines: list[str], newline: bool) -> None:
    text = "\n".join(lines) + "\n" * newline
    end = closed_code_block_end(text)
    assert (None if end is None else text[:end]) == by_markdown_it(text)


@given(LINES, st.booleans(), st.text(alphabet="`~ x\n\r", max_size=20))
def test_an_end_found_in_a_growing_text_stays(lines: list[str], newline: bool, more: str) -> None:
    text = "\n".join(lines) + "\n" * newline
    end = closed_code_block_end(text, partial=True)
    if end is not None:
        assert closed_code_block_end(text + more, partial=True) == closed_code_block_end(text) == end


@given(LINES)
def test_trimming_twice_changes_nothing(lines: list[str]) -> None:
    text = "\n".join(lines)
    end = closed_code_block_end(text)
    if end is not None:
        assert closed_code_block_end(text[:end]) == end
