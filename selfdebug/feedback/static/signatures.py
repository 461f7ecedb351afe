"""What functions, classes and builtins take, as signatures that can be bound without calling anything."""

import ast
import builtins
import inspect
from collections.abc import Iterable, Sequence

from selfdebug.syntax import FUNCTIONS, Function

_POSITIONAL, _EITHER, _KEYWORD = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
    inspect.Parameter.KEYWORD_ONLY,
)
_DATACLASS_OPTIONS = frozenset(("frozen", "eq", "order", "slots", "unsafe_hash", "repr"))
_SPECIAL_FIELDS = frozenset(("ClassVar", "InitVar", "KW_ONLY"))

# Of those for which `inspect.signature` knows nothing: how many positional arguments they need and take.
_COUNTS: dict[str, tuple[int, int]] = {
    **dict.fromkeys(("bool", "float", "list", "tuple", "set", "frozenset"), (0, 1)),
    **dict.fromkeys(("range", "slice"), (1, 3)),
    **dict.fromkeys(("iter", "next"), (1, 2)),
    "getattr": (2, 3),
    "filter": (2, 2),
    "reversed": (1, 1),
}


def refusal(signature: inspect.Signature, positional: int, keywords: Iterable[str] = ()) -> str:
    """Why a call with so many positional arguments and these keywords fails; empty if it does not."""
    try:
        signature.bind(*[None] * positional, **dict.fromkeys(keywords))
    except TypeError as error:
        return str(error)
    return ""


def shown(name: str, signature: inspect.Signature) -> str:
    """A function's name and parameters, with `…` for defaults."""
    return name + str(signature).replace("=Ellipsis", "=…")


def counts(signature: inspect.Signature) -> range:
    """How many positional arguments a function may be given; none where it takes any number, or needs keywords."""
    parameters = signature.parameters.values()
    if any(item.kind not in (_POSITIONAL, _EITHER) for item in parameters):
        return range(0)
    required = sum(item.default is inspect.Parameter.empty for item in parameters)
    return range(required, len(parameters) + 1)


def of_function(function: Function, *, bound: bool = False) -> inspect.Signature | None:
    """The parameters of a function, less the first if it is `bound`; None where they make no signature."""
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    if bound and not positional:
        return None
    required = len(positional) - len(arguments.defaults)
    found = []
    for index, argument in enumerate(positional):
        kind = _POSITIONAL if index < len(arguments.posonlyargs) else _EITHER
        found.append(_parameter(argument.arg, kind, optional=index >= required))
    found = found[1:] if bound else found
    if arguments.vararg:
        found.append(inspect.Parameter(arguments.vararg.arg, inspect.Parameter.VAR_POSITIONAL))
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        found.append(_parameter(argument.arg, _KEYWORD, optional=default is not None))
    if arguments.kwarg:
        found.append(inspect.Parameter(arguments.kwarg.arg, inspect.Parameter.VAR_KEYWORD))
    return _signature(found)


def of_class(cls: ast.ClassDef) -> inspect.Signature | None:
    """What making an instance takes; None where the class says it in a way that is not read here."""
    methods = [node for node in cls.body if isinstance(node, FUNCTIONS)]
    if cls.keywords or any(node.name in ("__new__", "__call__") for node in methods):
        return None
    bases = [base.id if isinstance(base, ast.Name) else "" for base in cls.bases]
    makers = [node for node in methods if node.name == "__init__"]
    if bases == ["NamedTuple"] and not cls.decorator_list:
        return _of_fields(cls)
    if bases not in ([], ["object"]) or len(makers) > 1:
        return None
    if makers:
        plain = not makers[0].decorator_list and not cls.decorator_list
        return of_function(makers[0], bound=True) if plain else None
    if cls.decorator_list:
        return _of_fields(cls) if _is_plain_dataclass(cls) else None
    return inspect.Signature() if _binds_only_by_statements(cls) else None


def of_builtin(name: str) -> inspect.Signature | None:
    """What a builtin takes; None where that is not known."""
    if name in _COUNTS:
        least, most = _COUNTS[name]
        return _signature([_parameter(f"x{n + 1}", _POSITIONAL, optional=n >= least) for n in range(most)])
    found = getattr(builtins, name, None)
    if not inspect.isbuiltin(found):  # of a class, `inspect` may tell of another way to make it
        return None
    try:
        return inspect.signature(found)
    except ValueError:
        return None


def _parameter(name: str, kind: "inspect._ParameterKind", *, optional: bool) -> inspect.Parameter:
    return inspect.Parameter(name, kind, default=... if optional else inspect.Parameter.empty)


def _signature(parameters: Sequence[inspect.Parameter]) -> inspect.Signature | None:
    try:
        return inspect.Signature(parameters)
    except ValueError:  # a name twice, which only the compiler denies; a field without a default after one with it
        return None


def _binds_only_by_statements(cls: ast.ClassDef) -> bool:
    """Whether `__init__` can't come about in some other way, such as `__init__ = other`."""
    return all(isinstance(node, (*FUNCTIONS, ast.Expr, ast.Pass)) or _is_plain_assignment(node) for node in cls.body)


def _is_plain_assignment(node: ast.stmt) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return bool(targets) and all(isinstance(item, ast.Name) and not item.id.startswith("__") for item in targets)


def _is_plain_dataclass(cls: ast.ClassDef) -> bool:
    if len(cls.decorator_list) != 1:
        return False
    decorator = cls.decorator_list[0]
    if isinstance(decorator, ast.Call):
        if decorator.args or any(part.arg not in _DATACLASS_OPTIONS for part in decorator.keywords):
            return False
        decorator = decorator.func
    return ast.unparse(decorator) in ("dataclass", "dataclasses.dataclass")


def _of_fields(cls: ast.ClassDef) -> inspect.Signature | None:
    found = []
    for node in cls.body:
        if not isinstance(node, ast.AnnAssign):
            continue
        words = {part.id if isinstance(part, ast.Name) else getattr(part, "attr", "") for part in ast.walk(node)}
        if (
            not isinstance(node.target, ast.Name)
            or words & _SPECIAL_FIELDS
            or isinstance(node.annotation, ast.Constant)
        ):
            return None
        optional = node.value is not None
        if isinstance(node.value, ast.Call) and ast.unparse(node.value.func) in ("field", "dataclasses.field"):
            options = {part.arg for part in node.value.keywords}
            if not options <= {"default", "default_factory", "repr", "compare"}:
                return None
            optional = bool(options & {"default", "default_factory"})
        found.append(_parameter(node.target.id, _EITHER, optional=optional))
    return _signature(found)
