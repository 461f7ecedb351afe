"""Models on this machine: found, pulled, converted, listed, removed. Imports neither torch nor transformers itself."""

from selfdebug.models.catalogue import CATALOGUE, DEFAULT_MODEL
from selfdebug.models.progress import SILENT, Progress
from selfdebug.models.registry import pull_model as pull
from selfdebug.models.registry import remove, resolve
from selfdebug.models.store import InstalledModel, cache_home, installed

__all__ = [
    "CATALOGUE",
    "DEFAULT_MODEL",
    "SILENT",
    "InstalledModel",
    "Progress",
    "cache_home",
    "installed",
    "pull",
    "remove",
    "resolve",
]
