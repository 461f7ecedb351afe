"""The text that holds the examples, what is known about the function, and one example."""

import ast
import re
from dataclasses import dataclass, replace

from selfdebug.syntax import BUILTINS, Function, complete, find_function, is_docstring, module_names, parse, unparse


@dataclass(frozen=True)
class Signature:
    """A function's parameters. `required` and `most` are counts of positional arguments."""

    names: tuple[str, ...]
    required: int
    most: float
    keywords: bool
    annotations: tuple[str, ...]
    returns: str

    def takes(self, call: ast.Call) -> bool:
        """Whether the call fits."""
        if any(isinstance(argument, ast.Starred) for argument in call.args):
            return False
        given = {keyword.arg for keyword in call.keywords}
        if not self.keywords and not given <= set(self.names):
            return False
        return self.required <= len(call.args) + len(given) and len(call.args) + len(given) <= self.most


@dataclass(frozen=True)
class Document:
    """The text to read.

    Attributes:
        text: The docstring as it stands in the source, or the whole text where there is none.
        scope: Names that the problem's own code binds, which an example may use.
        signature: None where it is not known.
    """

    text: str
    entry_point: str
    scope: frozenset[str]
    signature: Signature | None

    def with_text(self, text: str) -> "Document":
        return replace(self, text=text)

    def closed(self, node: ast.AST) -> bool:
        """Whether the expression uses only names that are there. A builtin counts where it is called, for bare
        words like `list` or `input` stand for a value in prose."""
        local = {n.arg for n in ast.walk(node) if isinstance(n, ast.arg)}
        local |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        called = {id(n.func) for n in ast.walk(node) if isinstance(n, ast.Call)}
        for name in ast.walk(node):
            if isinstance(name, ast.Constant) and name.value is Ellipsis:
                return False
            if not isinstance(name, ast.Name) or name.id in local | self.scope | {self.entry_point}:
                continue
            if name.id not in BUILTINS or id(name) not in called:
                return False
        return True


@dataclass(frozen=True)
class Example:
    """One example.

    Attributes:
        at: Where it stands in the text.
        expected: None: `actual` is itself the claim.
        tolerance: Greatest difference, where the text marks the value as rounded.
        parenthesised: `expected` stood alone within round brackets.
    """

    at: int
    actual: ast.expr
    expected: ast.expr | None = None
    tolerance: float | None = None
    parenthesised: bool = False

    def as_tuple(self) -> "Example":
        assert self.expected is not None
        return replace(self, expected=ast.Tuple(elts=[self.expected], ctx=ast.Load()), parenthesised=False)

    def render(self) -> str:
        """The assert statement."""
        if self.expected is None:
            return f"assert {unparse(self.actual)}"
        actual, expected = unparse(self.actual), unparse(self.expected)
        if not isinstance(self.actual, ast.Call | ast.Subscript | ast.Attribute | ast.Name):
            actual = f"({actual})"
        if self.tolerance is not None:
            return f"assert abs({actual} - {expected}) <= {self.tolerance!r}"
        if isinstance(self.expected, ast.Constant) and self.expected.value is None:
            return f"assert {actual} is None"
        return f"assert {actual} == {expected}"


def read_document(prompt: str, entry_point: str) -> Document:
    """Find the docstring of the entry point, its parameters, and what the problem's code binds."""
    prompt = prompt.replace("\r\n", "\n").replace("\r", "\n").expandtabs(4)
    source = complete(prompt)
    if source is None:
        return Document(_straight_quotes(_bare(prompt)), entry_point, frozenset(), None)
    tree = parse(source)
    scope = frozenset(module_names(tree))
    function = find_function(tree, entry_point)
    if function is None:
        return Document(_straight_quotes(_bare(prompt)), entry_point, scope, None)
    text = _docstring(source, function)
    if text is None:
        text = "\n".join(re.findall(r"^\s*#+(.*)$", prompt, re.M))
    return Document(_straight_quotes(text), entry_point, scope, _signature(function))


def calls_of(node: ast.AST, name: str) -> list[ast.Call]:
    """Calls of a function by its bare name, anywhere within."""
    return [
        call
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == name
    ]


def renamed(example: Example, old: str, new: str) -> Example:
    """The example with its calls of one function turned into calls of another."""
    for call in calls_of(example.actual, old):
        assert isinstance(call.func, ast.Name)
        call.func.id = new
    return example


def _docstring(source: str, function: Function) -> str | None:
    """The docstring's text. HumanEval/115 has an import before it, so any bare string in the body counts."""
    node = next((node for node in function.body if is_docstring(node)), None)
    if node is None:
        return None
    assert isinstance(node, ast.Expr)
    written = ast.get_source_segment(source, node.value) or ""
    opening = re.match(r"""([a-zA-Z]*)('''|\"""|'|")""", written)
    if opening is None or "\\\\" in written:
        # Doubled backslashes: the author wrote for the string's value. Single ones: for the reader of the source,
        # whose `"a\nb"` is meant as two characters, a backslash and an n.
        return str(ast.literal_eval(node.value))
    return written[opening.end() : -len(opening.group(2))]


def _signature(function: Function) -> Signature:
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    named = [*positional, *arguments.kwonlyargs]
    required = len(positional) - len(arguments.defaults) + sum(item is None for item in arguments.kw_defaults)
    most = float("inf") if arguments.vararg or arguments.kwarg else len(named)
    return Signature(
        tuple(item.arg for item in named),
        required,
        most,
        arguments.kwarg is not None,
        tuple(unparse(item.annotation) if item.annotation else "" for item in named),
        unparse(function.returns) if function.returns else "",
    )


def _bare(text: str) -> str:
    """Plain text without comment signs at the start of its lines."""
    return re.sub(r"^([ ]*)#+ ?", r"\1", text, flags=re.M)


def _straight_quotes(text: str) -> str:
    # An apostrophe inside a straight string must stay, so each kind is replaced only where it opens something.
    if "“" in text:
        text = text.replace("“", '"').replace("”", '"')
    if "‘" in text:
        text = text.replace("‘", "'").replace("’", "'")
    return text
