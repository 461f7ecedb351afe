"""SQLite databases as text that fits into a suite."""

import base64
import zlib

MAGIC = b"SQLite format 3\0"


def pack(content: bytes) -> str:
    """The file's content, compressed, in base64: the mostly empty pages of a small database take almost no room.

    Raises:
        ValueError: It is not a SQLite database.
    """
    if not content.startswith(MAGIC):
        raise ValueError("not a SQLite database: it does not begin with 'SQLite format 3'")
    return base64.b64encode(zlib.compress(content, 9)).decode("ascii")
