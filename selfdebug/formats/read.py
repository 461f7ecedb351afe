"""From a path to JSON rows. Knows files and JSON, and nothing of problems."""

import difflib
import gzip
import io
import json
import math
import sys
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

from selfdebug.errors import InputError

STANDARD_INPUT = "standard input"
MAX_BYTES = 512 * 2**20
_LINES_SUFFIXES = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")


@dataclass(frozen=True)
class Row:
    """One JSON object of a file.

    Attributes:
        place: `line 3`, `[2]`, or empty for the whole file.
        folder: Where the file lies; None where the row came another way, and may name no file.
    """

    source: str
    place: str
    fields: dict[str, Any]
    folder: Path | None = None


class _DuplicateKey(ValueError):
    pass


def read_rows(path: str) -> list[Row]:
    """All rows of a file, or of standard input for `-`.

    Raises:
        InputError: It cannot be read, or is not JSON.
    """
    if path == "-":
        return _rows(path, STANDARD_INPUT)
    return [replace(row, folder=Path(path).parent) for row in _rows(path, path)]


def _rows(path: str, source: str) -> list[Row]:
    text = _decode(source, _unpack(source, _read_bytes(path, source)))
    if not text.strip():
        raise InputError(source, "", "is empty; expected a problem as a JSON object")
    if path.lower().endswith(_LINES_SUFFIXES) or _is_one_value_a_line(text):
        return _line_rows(source, text)
    value = _parse(source, "", text)
    if isinstance(value, list):
        if not value:
            raise InputError(source, "", "is an empty JSON array; expected at least one problem")
        return [_row(source, f"[{index}]", item) for index, item in enumerate(value)]
    return [_row(source, "", value)]


def _read_bytes(path: str, source: str) -> bytes:
    if path == "-":
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    try:
        with Path(path).open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise InputError(
            source, "", f"no such file{_near_files(path)}; give the path of a problem file, or -"
        ) from None
    except IsADirectoryError:
        raise InputError(source, "", "is a directory; expected a file (.json, .jsonl, either with .gz)") from None
    except PermissionError:
        raise InputError(source, "", "may not be read (permission denied); check the file's owner and mode") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError(source.replace("\0", "\\0"), "", f"cannot be read: {reason}") from None


def _near_files(path: str) -> str:
    """A file of nearly that name, as a hint."""
    try:
        names = sorted(item.name for item in Path(path).parent.iterdir())
    except (OSError, ValueError):
        return ""
    near = difflib.get_close_matches(Path(path).name, names, 1, 0.75)
    return f" (did you mean {Path(path).parent / near[0]}?)" if near else ""


def _unpack(source: str, data: bytes) -> bytes:
    if data[:2] == b"\x1f\x8b":
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
                data = file.read(MAX_BYTES + 1)
        except EOFError:
            raise InputError(source, "", "is a gzip file that ends too early; copy or download it again") from None
        except (OSError, zlib.error) as error:
            raise InputError(source, "", f"is a damaged gzip file ({error}); copy or download it again") from None
    elif source.lower().endswith(".gz"):
        raise InputError(source, "", "is not gzip data, although its name ends in .gz; rename or compress it")
    if len(data) > MAX_BYTES:
        raise InputError(source, "", f"holds more than {MAX_BYTES // 2**20} MiB; split it")
    return data


def _decode(source: str, data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise InputError(source, "byte 0", "is UTF-16; expected UTF-8. Save it as UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # The codec counts from behind a byte-order mark.
        at = error.start + (3 if data.startswith(b"\xef\xbb\xbf") and len(error.object) < len(data) else 0)
        line = data.count(b"\n", 0, at) + 1
        problem = f"is not UTF-8: byte 0x{data[at]:02x} on line {line} ({error.reason}). Save the file as UTF-8"
        raise InputError(source, f"byte {at}", problem) from None


def _is_one_value_a_line(text: str) -> bool:
    """Whether unnamed text is JSON lines: its first full line is an object by itself, and more follows."""
    first, _, rest = text.lstrip().partition("\n")
    if not rest.strip() or not first.lstrip().startswith("{"):
        return False
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return False
    return True


def _line_rows(source: str, text: str) -> list[Row]:
    # Not str.splitlines: a JSON string may hold U+2028 and the like unescaped.
    lines = text.split("\n")
    return [
        _row(source, f"line {number}", _parse(source, f"line {number}", line))
        for number, line in enumerate(lines, 1)
        if line.strip()
    ]


def _parse(source: str, place: str, text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_without_duplicates)
    except json.JSONDecodeError as error:
        where = f"column {error.colno}" if place else f"line {error.lineno}, column {error.colno}"
        hint = ""
        if place and error.pos >= len(text.rstrip()):
            hint = "; the object is cut off, or spread over several lines: a .jsonl file holds one whole object a line"
        problem = f"is not JSON: {error.msg} (found {_excerpt(text, error.pos)}){hint}"
        raise InputError(source, ", ".join(part for part in (place, where) if part), problem) from None
    except RecursionError:
        raise InputError(source, place, "is nested too deeply; expected one flat problem object") from None
    except _DuplicateKey as error:
        raise InputError(source, place, str(error)) from None
    except ValueError:
        raise InputError(source, place, "holds an integer with too many digits; write it as a string") from None


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise _DuplicateKey(f"the field {quoted(twice)} stands twice in one object; keep one of them")
    return fields


def _row(source: str, place: str, value: Any) -> Row:
    if not isinstance(value, dict):
        raise InputError(source, place, f"expected a problem as a JSON object {{...}}, found {kind(value)}")
    if not value:
        raise InputError(source, place, "is an empty object; expected a problem, with the field 'statement'")
    return Row(source, place, value)


def kind(value: Any) -> str:
    """What a JSON value is, in JSON's words, with a look at it."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return f"the string {quoted(value)}" if value else "an empty string"
        case float() if not math.isfinite(value):
            return "NaN" if math.isnan(value) else "an infinite number"
        case int() | float():
            return f"the number {str(value)[:40]}"
        case list():
            return f"an array of {len(value)}" if value else "an empty array"
        case dict():
            return (
                "an object with the fields " + ", ".join(map(quoted, list(value)[:4])) if value else "an empty object"
            )
        case _:
            return type(value).__name__


def quoted(text: str) -> str:
    """Text for a message: on one line, printable, cut."""
    return repr(text if len(text) <= 60 else text[:57] + "...")  # repr escapes what is not printable


def _excerpt(text: str, at: int) -> str:
    rest = text[at : at + 20].split("\n")[0]
    return quoted(rest) if rest.strip() else "the end of the line" if at < len(text.rstrip()) else "the end"


def fail(row: Row, place: str, problem: str) -> NoReturn:
    """Raise an InputError at a place within a row, for example `tests.asserts[2]`."""
    raise InputError(row.source, ", ".join(part for part in (row.place, place) if part), problem)
