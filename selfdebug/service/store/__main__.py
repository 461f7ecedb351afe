"""`python -m selfdebug.service.store`: bring the database of `SELFDEBUG_DATABASE_URL` to this version's schema."""

import sys

from selfdebug.errors import SelfDebugError
from selfdebug.service.settings import read_settings
from selfdebug.service.store import migrate

if __name__ == "__main__":
    try:
        migrate(read_settings().database)
    except SelfDebugError as error:
        sys.exit(f"Error: {error}")
