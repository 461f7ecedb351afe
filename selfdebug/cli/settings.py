"""The service's settings as a command reads them, with one message for what is wrong."""

from typing import TYPE_CHECKING

from selfdebug.errors import SelfDebugError

if TYPE_CHECKING:
    from selfdebug.service.settings import Settings
    from selfdebug.service.store import Store


def read_settings(**given: object) -> "Settings":
    """The settings of the environment; what is given and not None is stronger.

    Raises:
        InputError: A variable, or what is given, is wrong.
        SelfDebugError: The service is not installed.
    """
    try:
        from selfdebug.service import settings
    except ImportError as error:
        raise not_installed(error) from error
    return settings.read_settings(**given)


def open_store(settings: "Settings") -> "Store":
    """Open the settings' store.

    Raises:
        StoreUnavailable: It can't be had.
        SelfDebugError: The service is not installed.
    """
    try:
        from selfdebug.service import store
    except ImportError as error:
        raise not_installed(error) from error
    return store.open_store(settings)


def not_installed(error: ImportError) -> SelfDebugError:
    """What to say where the service's packages are missing."""
    return SelfDebugError(f"{error.name} is not installed here: pip install 'selfdebug[service]'")
