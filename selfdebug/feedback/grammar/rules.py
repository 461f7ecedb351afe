"""Which rules of Python's grammar are open at a place of a program, read from the tokens before it.

The names are those of the grammar in the Python Language Reference; the words are for a model that never saw it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from selfdebug.feedback.grammar.tokens import CLOSING, OPENING, Kind, Token

_MAX_NAME = 40


@dataclass(frozen=True)
class Rule:
    """A rule that was being parsed.

    Attributes:
        name: As the language reference calls it.
        words: The same for a reader who does not know the grammar.
        start: Where what it covers begins, as an index into the program's text.
    """

    name: str
    words: str
    start: int


@dataclass(frozen=True)
class Bracket:
    """An open bracket: its token, and the index of that token."""

    token: Token
    index: int


_BLOCKS = {
    "def": "function_def",
    "class": "class_def",
    "for": "for_stmt",
    "while": "while_stmt",
    "if": "if_stmt",
    "elif": "elif_stmt",
    "else": "else_block",
    "try": "try_stmt",
    "except": "except_block",
    "finally": "finally_block",
    "with": "with_stmt",
    "match": "match_stmt",
    "case": "case_block",
}
_SIMPLE = {
    "return": ("return_stmt", "the value of `return`"),
    "import": ("import_stmt", "an `import` statement"),
    "from": ("import_stmt", "a `from … import` statement"),
    "del": ("del_stmt", "a `del` statement"),
    "assert": ("assert_stmt", "an `assert` statement"),
    "raise": ("raise_stmt", "a `raise` statement"),
    "global": ("global_stmt", "a `global` statement"),
    "nonlocal": ("nonlocal_stmt", "a `nonlocal` statement"),
    "yield": ("yield_stmt", "a `yield` statement"),
    "pass": ("simple_stmt", "a `pass` statement"),
    "break": ("simple_stmt", "a `break` statement"),
    "continue": ("simple_stmt", "a `continue` statement"),
}
_OPERANDS = frozenset({Kind.NAME, Kind.NUMBER, Kind.STRING})
_ASSIGNMENTS = frozenset(("=", "+=", "-=", "*=", "/=", "//=", "%=", "**=", "&=", "|=", "^=", "<<=", ">>=", "@="))


def open_rules(tokens: Sequence[Token], index: int, text: str) -> tuple[Rule, ...]:
    """The rules that are open before `tokens[index]`, innermost first."""
    begins = _line_start(tokens, index)
    found: list[Rule] = []
    headers: list[Rule] = []
    if begins < index:
        start, header = _after_header(tokens, begins, index)
        if header is not None:
            headers.append(header)
        for bracket in reversed(open_brackets(tokens, start, index)):
            found += _within(tokens, bracket.index + 1, index)
            found.append(_bracket_rule(tokens, bracket, start))
        found += _within(tokens, start, index)
        found.append(_statement(tokens, start, index))
    return (*found, *headers, *_blocks(tokens, begins, text))


def open_brackets(tokens: Sequence[Token], start: int, index: int) -> list[Bracket]:
    """The brackets that are open before `tokens[index]`, outermost first."""
    found: list[Bracket] = []
    for place in range(start, index):
        token = tokens[place]
        if token.kind is not Kind.OPERATOR:
            continue
        if token.text in OPENING:
            found.append(Bracket(token, place))
        elif token.text in CLOSING and found and OPENING[found[-1].token.text] == token.text:
            found.pop()
    return found


def indents(tokens: Sequence[Token], index: int, text: str) -> list[int]:
    """The columns of the lines before the one of `tokens[index]` that are still open: its own must be one of them."""
    found: list[int] = []
    for token in tokens[: _line_start(tokens, index)]:
        if token.first:
            indent = indent_of(token, text)
            found = [*(column for column in found if column < indent), indent]
    return found


def _line_start(tokens: Sequence[Token], index: int) -> int:
    while index > 0 and not tokens[index].first:
        index -= 1
    return index


def _block_keyword(tokens: Sequence[Token], begins: int) -> str:
    """The keyword of the compound statement or clause that a line begins; empty if it begins none."""
    place = begins + (tokens[begins].text == "async")
    token = tokens[min(place, len(tokens) - 1)]
    if token.text in ("match", "case") and token.kind is Kind.NAME:
        return token.text if _ends_in_colon(tokens, begins) else ""
    return token.text if token.kind is Kind.KEYWORD and token.text in _BLOCKS else ""


def _ends_in_colon(tokens: Sequence[Token], begins: int) -> bool:
    place = begins
    while tokens[place].kind not in (Kind.NEWLINE, Kind.END):
        place += 1
    return place > begins + 1 and tokens[place - 1].text == ":"


def _after_header(tokens: Sequence[Token], begins: int, index: int) -> tuple[int, Rule | None]:
    """Where the simple statement before `index` begins, and the header on its own line that it belongs to."""
    start, header, depth, lambdas = begins, None, 0, 0
    keyword = _block_keyword(tokens, begins)
    for place in range(begins, index):
        token = tokens[place]
        if token.kind is Kind.KEYWORD:
            lambdas += token.text == "lambda"
        if token.kind is not Kind.OPERATOR:
            continue
        depth += (token.text in OPENING) - (token.text in CLOSING)
        if depth > 0 or place + 1 >= index:
            continue
        if token.text == ";":
            start = place + 1
        elif token.text == ":" and lambdas:
            lambdas -= 1
        elif token.text == ":" and keyword and header is None:
            start, header = place + 1, _body(tokens, begins, keyword)
    return start, header


def _body(tokens: Sequence[Token], begins: int, keyword: str) -> Rule:
    words = f"the body of `{keyword}`"
    if keyword in ("def", "class"):
        place = begins + 1 + (tokens[begins].text == "async")
        what = "function" if keyword == "def" else "class"
        words = f"the body of the {what} {_quoted(tokens[min(place, len(tokens) - 1)].text)}"
    return Rule(_BLOCKS[keyword], words, tokens[begins].start)


def _blocks(tokens: Sequence[Token], begins: int, text: str) -> list[Rule]:
    """The blocks around the line that begins there, innermost first."""
    found = []
    limit = indent_of(tokens[begins], text)
    before = begins - 1
    while before >= 0 and limit != 0:
        line = _line_start(tokens, before)
        indent = indent_of(tokens[line], text)
        if indent < limit:
            limit = indent
            keyword = _block_keyword(tokens, line)
            if keyword:
                found.append(_body(tokens, line, keyword))
        before = line - 1
    return found


def indent_of(first: Token, text: str) -> int:
    """The column, 0-based and with tabs as the parser counts them, in which a line begins."""
    line = text[text.rfind("\n", 0, first.start) + 1 : first.start]
    return len(line.expandtabs(8))


def _bracket_rule(tokens: Sequence[Token], bracket: Bracket, start: int) -> Rule:
    before = tokens[bracket.index - 1] if bracket.index > start else None
    operand = before is not None and (before.kind in _OPERANDS or before.text in CLOSING)
    name = before.text if before is not None and before.kind is Kind.NAME else ""
    opening, place = bracket.token.text, bracket.token.start
    keyword = _block_keyword(tokens, start)
    if opening == "(" and operand:
        nth = [token.text for token in tokens[start : bracket.index]].count("(")
        if keyword == "def" and nth == 0:
            return Rule("parameters", f"the parameters of the function {_quoted(name)}", place)
        if keyword == "class" and nth == 0:
            return Rule("class_def", f"the base classes of {_quoted(name)}", place)
        words = f"the arguments of the call of {_quoted(name)}" if name else "the arguments of a call"
        return Rule("arguments", words, place)
    if opening == "(":
        return Rule("group", "an expression in parentheses", place)
    if opening == "[" and operand:
        return Rule("slices", f"the index of {_quoted(name)}" if name else "an index in `[…]`", place)
    if opening == "[":
        return Rule("list", "a list", place)
    colons = _own(tokens, bracket.index + 1, len(tokens), {":"})
    return Rule("dict", "a dict", place) if colons else Rule("set", "a dict or set in `{…}`", place)


def _within(tokens: Sequence[Token], start: int, index: int) -> list[Rule]:
    """What is open at one level of brackets: a lambda, a conditional expression, a comprehension."""
    found: list[Rule] = []
    block = _block_keyword(tokens, start) if tokens[start].first else ""
    for token in _own(tokens, start + bool(block), index, {"lambda", "if", "else", "for", ":", ","}):
        if token.text == "lambda":
            found.append(Rule("lambda_params", "the parameters of a `lambda`", token.start))
        elif token.text == ":" and found and found[-1].name == "lambda_params":
            found[-1] = Rule("lambda_def", "the body of a `lambda`", found[-1].start)
        elif token.text == "for" and not token.first:
            found.append(Rule("for_if_clauses", "a comprehension (`… for x in …`)", token.start))
        elif token.text == "if" and not token.first and not any(rule.name == "for_if_clauses" for rule in found):
            found.append(Rule("expression", "a conditional expression (`a if condition else b`)", token.start))
        elif token.text in ("else", ",") and found and found[-1].name != "lambda_params":
            found = [rule for rule in found if rule.name != "expression"]
    return found[::-1]


def _own(tokens: Sequence[Token], start: int, end: int, wanted: set[str]) -> list[Token]:
    """The tokens with these texts that stand in no bracket opened since `start`, up to where its own bracket ends."""
    depth, found = 0, []
    for token in tokens[start:end]:
        if token.kind is Kind.OPERATOR and token.text in OPENING:
            depth += 1
        elif token.kind is Kind.OPERATOR and token.text in CLOSING:
            depth -= 1
            if depth < 0:
                break
        elif depth == 0 and token.text in wanted and token.kind in (Kind.OPERATOR, Kind.KEYWORD):
            found.append(token)
    return found


def _statement(tokens: Sequence[Token], start: int, index: int) -> Rule:
    """The statement that `tokens[index]` stands in, as far as it shows."""
    token = tokens[start]
    keyword = _block_keyword(tokens, start) if token.first else ""
    if keyword:
        words = f"the first line of `{keyword}`"
        if keyword in ("if", "elif", "while"):
            words = f"the condition of `{keyword}`"
        return Rule(_BLOCKS[keyword], words, token.start)
    if token.kind is Kind.KEYWORD and token.text in _SIMPLE:
        return Rule(*_SIMPLE[token.text], token.start)
    if token.text == "@":
        return Rule("decorators", "a decorator", token.start)
    signs = _own(tokens, start, index, set(_ASSIGNMENTS))
    if signs:
        target = f" to {_quoted(token.text)}" if tokens[start + 1] is signs[0] and token.kind is Kind.NAME else ""
        return Rule("assignment", f"the value assigned{target}", token.start)
    return Rule("star_expressions", "an expression as a statement", token.start)


def _quoted(name: str) -> str:
    return f"`{name[:_MAX_NAME]}…`" if len(name) > _MAX_NAME else f"`{name}`"
