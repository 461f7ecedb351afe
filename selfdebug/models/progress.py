"""The port through which a pull tells how far it is. Rendering is the caller's business."""

from typing import Protocol


class Progress(Protocol):
    """Hears about a pull. Calls may come from another thread than the one that pulls."""

    def stage(self, title: str, total_bytes: int) -> None:
        """A new stage begins; `total_bytes` is 0 where its length is not known."""

    def done(self, done_bytes: int) -> None:
        """So many bytes of this stage are done, all in all."""

    def note(self, text: str) -> None:
        """Something happened that the user should know."""


class Silent:
    """Tells nobody."""

    def stage(self, title: str, total_bytes: int) -> None:
        """Ignore it."""

    def done(self, done_bytes: int) -> None:
        """Ignore it."""

    def note(self, text: str) -> None:
        """Ignore it."""


SILENT = Silent()
