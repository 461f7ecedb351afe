"""Names: where in a program they are really looked up, and which module of Python has one that is missing."""

import ast
import sys

from selfdebug.syntax import FUNCTIONS, is_main_guard

_DEFERRED = sys.version_info >= (3, 14)  # PEP 649: annotations are evaluated when they are asked for

# The names that programs use most often without importing them.
_MODULES = {
    "typing": "Any Callable Dict FrozenSet Generator Iterable Iterator List Mapping NamedTuple Optional Sequence Set "
    "Tuple Type TypeVar Union",
    "collections": "ChainMap Counter OrderedDict UserDict defaultdict deque namedtuple",
    "functools": "cache cmp_to_key lru_cache partial reduce singledispatch total_ordering wraps",
    "itertools": "accumulate chain combinations combinations_with_replacement count cycle dropwhile groupby islice "
    "pairwise permutations product repeat starmap takewhile zip_longest",
    "heapq": "heapify heappop heappush heappushpop heapreplace nlargest nsmallest",
    "bisect": "bisect_left bisect_right insort insort_left insort_right",
    "math": "acos asin atan atan2 ceil comb cos degrees factorial floor fsum gcd hypot inf isclose isnan isqrt lcm log "
    "log10 log2 perm pi prod radians sin sqrt tan trunc",
    "operator": "attrgetter itemgetter methodcaller mul xor",
    "string": "ascii_letters ascii_lowercase ascii_uppercase digits punctuation",
    "dataclasses": "dataclass field",
    "datetime": "date timedelta",
    "decimal": "Decimal ROUND_HALF_UP",
    "fractions": "Fraction",
    "random": "randint shuffle",
    "statistics": "mean median mode stdev",
    "enum": "Enum IntEnum",
    "abc": "ABC abstractmethod",
    "copy": "deepcopy",
}
_ORIGINS = {name: module for module, names in _MODULES.items() for name in names.split()}
_ALIASES = {"np": "numpy", "pd": "pandas"}


def origin(name: str) -> str:
    """The import that would bind a name; empty where none is known."""
    if name in _ORIGINS:
        return f"from {_ORIGINS[name]} import {name}"
    if name in _ALIASES:
        return f"import {_ALIASES[name]} as {name}"
    return f"import {name}" if name in sys.stdlib_module_names and not name.startswith("_") else ""


def evaluated(tree: ast.Module) -> set[tuple[int, int]]:
    """Line and column of each name that is looked up when the program's statements run.

    Names in annotations that Python does not evaluate are none of them, nor what stands in a main block.
    """
    futures = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
    deferred = _DEFERRED or any(alias.name == "annotations" for node in futures for alias in node.names)
    found: set[tuple[int, int]] = set()
    pending: list[tuple[ast.AST, bool]] = [(node, False) for node in tree.body]
    while pending:
        node, local = pending.pop()
        if isinstance(node, ast.stmt) and is_main_guard(node):
            continue
        if isinstance(node, ast.Name):
            found.add((node.lineno, node.col_offset))
        skipped = _annotations(node) if deferred or (isinstance(node, ast.AnnAssign) and local) else []
        inside = local
        if isinstance(node, (*FUNCTIONS, ast.Lambda)):
            inside = True
        elif isinstance(node, ast.ClassDef):
            inside = False
        pending += [(part, inside) for part in ast.iter_child_nodes(node) if part not in skipped]
    return found


def _annotations(node: ast.AST) -> list[ast.AST]:
    parts = [getattr(node, "annotation", None), getattr(node, "returns", None)]
    return [part for part in parts if part is not None]
