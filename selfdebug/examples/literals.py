"""Reading values out of running text."""

import ast
import re
from dataclasses import dataclass

from selfdebug.syntax import try_parse

_CLOSING = {"(": ")", "[": "]", "{": "}"}
_STRING = re.compile(r"""[rRbBuU]{0,2}("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')""")
_NUMBER = re.compile(r"[-+]?(?:\d[\d_]*(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?j?(?!\w)")
_WORD = re.compile(r"(True|False|None|true|false|TRUE|FALSE|null|none)(?!\w)")
_CONSTRUCTOR = re.compile(r"(?:set|frozenset|float|complex|tuple|list|dict|bytes|bytearray|Decimal|Fraction)(?=\()")
_WORDS = {"true": True, "false": False, "TRUE": True, "FALSE": False, "null": None, "none": None}
_DOUBLED_QUOTE = re.compile(r"""(["'])\1(\w+)\1(?!["'])""")
_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod)
_LONGEST = 4000

# What may follow a value, so that the value is the whole of what is said.
_END = re.compile(
    r"""[`*]*(?: \s*$ | \s*\# | \.{0,1}["')\]]?[`*]*\s*$ | [.;!)][`*]*\s | ,[`*]*\s*$ | ,[`*]*\s+(?=[A-Za-z_(`])
        | \s*\( | \s*// | \s+(?:--?|[–—])\s+[A-Za-z]
        | \s+(?:because|since|as|but|while|where|whereas|which|so|due)\b | \s+and\s+(?=[A-Za-z_`]) )""",
    re.X,
)


@dataclass(frozen=True)
class Value:
    """A value that was read: where it ends in the text, and how it was marked."""

    node: ast.expr
    end: int
    tolerance: float | None = None
    parenthesised: bool = False


def closing(text: str, at: int) -> int | None:
    """The index after the bracket that closes the one at `at`, strings respected; None where it is not closed."""
    stack: list[str] = []
    index = at
    while index < min(len(text), at + _LONGEST):
        char = text[index]
        if char in "\"'":
            string = _STRING.match(text, index)
            if string is None:
                return None
            index = string.end()
            continue
        if char in _CLOSING:
            stack.append(_CLOSING[char])
        elif char in ")]}":
            if not stack or stack.pop() != char:
                return None
            if not stack:
                return index + 1
        index += 1
    return None


def literal_at(text: str, at: int) -> tuple[ast.expr, int] | None:
    """The literal that starts at `at`, and the index after it."""
    end = _literal_end(text, at)
    if end is None:
        doubled = _DOUBLED_QUOTE.match(text, at)  # HumanEval/158 has ""aaaaaaa"
        return (ast.Constant(doubled.group(2)), doubled.end()) if doubled else None
    node = expression(text[at:end])
    return (node, end) if node is not None and is_data(node) else None


def value_at(text: str, at: int, rounded: bool = False) -> Value | None:
    """The value that is said at `at`: a literal, constant arithmetic, or a chain of these (`19 - 5 - 6 = 8`).

    None unless the literal is the whole of what is said there.
    """
    found = literal_at(text, at)
    if found is None:
        return None
    node, end = found
    line_end = text.find("\n", end)
    rest = text[end : line_end if line_end >= 0 else len(text)]
    digits = re.match(r"[-+]?\d+\.(\d+)", text[at:end])
    if digits and rest.startswith(("...", "…")):
        rounded, rest = True, rest.lstrip(".…")
    if re.match(r"\s*(?:[-+*%=]|/(?!/))", rest) and not re.match(r"\s+(?:--?|[–—])\s+[A-Za-z]|\*+\s*$", rest):
        return _chain(text, at, end + len(rest))
    if not _END.match(rest) or re.match(r"\s*\?", rest):
        return None
    tolerance = None
    if rounded:
        places = len(digits.group(1)) if digits else 0
        tolerance = float(f"1e-{places}")
    bracketed = text[at] == "(" and not isinstance(node, ast.Tuple)
    return Value(node, end, tolerance, bracketed)


def expression(source: str) -> ast.expr | None:
    """One expression, with JSON's names for constants understood."""
    tree = try_parse("(" + source.strip() + "\n)")
    if tree is None or len(tree.body) != 1 or not isinstance(tree.body[0], ast.Expr):
        return None
    value = _Constants().visit(tree.body[0].value)
    return value if isinstance(value, ast.expr) else None


def is_data(node: ast.AST) -> bool:
    """Whether the expression spells out a value: literals, containers of them, plain constructors, arithmetic."""
    if isinstance(node, ast.Constant):
        return node.value is not Ellipsis
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return all(map(is_data, node.elts))
    if isinstance(node, ast.Dict):
        return all(key is not None and is_data(key) for key in node.keys) and all(map(is_data, node.values))
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.USub | ast.UAdd) and _is_number(node.operand)
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, _ARITHMETIC) and is_data(node.left) and is_data(node.right)
    if isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        return bool(_CONSTRUCTOR.match(name + "(")) and not node.keywords and all(map(is_data, node.args))
    return False


class _Constants(ast.NodeTransformer):
    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Constant(_WORDS[node.id]) if node.id in _WORDS else node


def _literal_end(text: str, at: int) -> int | None:
    for pattern in (_STRING, _NUMBER, _WORD):
        match = pattern.match(text, at)
        if match and not (pattern is _STRING and re.match(r"\w", text[match.end() : match.end() + 1])):
            return match.end()
    constructor = _CONSTRUCTOR.match(text, at)
    if constructor:
        return closing(text, constructor.end())
    return closing(text, at) if text[at : at + 1] in ("(", "[", "{") else None


def _chain(text: str, at: int, line_end: int) -> Value | None:
    """`1 + 9 = 10`: each part must come to the same number; the last is the value."""
    said = re.split(r"\s#", text[at:line_end])[0].strip().rstrip(".,;")
    parts = [expression(part) for part in re.split(r"={1,2}", said)]
    numbers = [_number(part) for part in parts if part is not None]
    if len(numbers) != len(parts) or None in numbers or len(set(numbers)) != 1:
        return None
    last = parts[-1]
    assert last is not None
    if isinstance(last, ast.BinOp) and isinstance(numbers[0], int) and numbers[0] >= 0:
        last = ast.Constant(numbers[0])
    return Value(last, at + len(said))


def _number(node: ast.expr) -> float | None:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, int | float) and _is_number(node) else None
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        operand = _number(node.operand)
        return None if operand is None else -operand
    if not isinstance(node, ast.BinOp):
        return None
    left, right = _number(node.left), _number(node.right)
    if left is None or right is None:
        return None
    try:
        match node.op:
            case ast.Add():
                return left + right
            case ast.Sub():
                return left - right
            case ast.Mult():
                return left * right
            case ast.Div():
                return left / right
            case ast.FloorDiv():
                return left // right
            case ast.Mod():
                return left % right
            case ast.Pow() if abs(left) <= 1000 and 0 <= right <= 100:
                return float(left**right) if isinstance(right, float) else left**right
    except ArithmeticError:
        return None
    return None


def _is_number(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) in (int, float, complex)
