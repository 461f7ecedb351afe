"""API keys: made, listed, revoked, recognised. The secret is shown once; only its digest is kept."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row, insert, select, update

from selfdebug.service.records import Key, Scope
from selfdebug.service.store.engine import Database
from selfdebug.service.store.rows import now
from selfdebug.service.store.tables import keys, storable

PREFIX = "sd_"


class Keys:
    """The part of the store that holds API keys."""

    _database: Database

    def create_key(
        self, name: str, scopes: Iterable[Scope], rate_per_minute: int = 0, concurrent_jobs: int = 0
    ) -> tuple[Key, str]:
        """A new key, and its secret: the only time that it is seen.

        Args:
            rate_per_minute, concurrent_jobs: 0 for no limit.
        """
        secret = PREFIX + secrets.token_urlsafe(32)
        name, granted = storable(name), frozenset(scopes)
        key = Key(f"key_{secrets.token_hex(8)}", name, granted, rate_per_minute, concurrent_jobs, now(), None)
        values = {
            "id": key.id,
            "name": key.name,
            "digest": _digest(secret),
            "scopes": " ".join(sorted(key.scopes)),
            "rate_per_minute": key.rate_per_minute,
            "concurrent_jobs": key.concurrent_jobs,
            "created_at": key.created_at,
        }
        with self._database.write() as connection:
            connection.execute(insert(keys).values(**values))
        return key, secret

    def keys(self) -> list[Key]:
        """All keys, revoked ones too, oldest first."""
        with self._database.read() as connection:
            return [_key(row) for row in connection.execute(select(keys).order_by(keys.c.created_at, keys.c.id))]

    def revoke(self, key: str) -> Key | None:
        """End a key for ever. None if there is no such key; one that is revoked stays so since then."""
        statement = update(keys).where(keys.c.id == key, keys.c.revoked_at.is_(None)).values(revoked_at=now())
        with self._database.write() as connection:
            connection.execute(statement)
            row = connection.execute(select(keys).where(keys.c.id == key)).one_or_none()
        return _key(row) if row else None

    def authenticate(self, secret: str) -> Key | None:
        """The key with this secret, unless it is revoked."""
        digest = _digest(secret)
        with self._database.read() as connection:
            row = connection.execute(select(keys).where(keys.c.digest == digest)).one_or_none()
        if row is None or row.revoked_at is not None or not hmac.compare_digest(row.digest, digest):
            return None
        return _key(row)


def _digest(secret: str) -> str:
    """A plain hash is enough: there are 256 random bits to guess."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _key(row: Row[Any]) -> Key:
    values = dict(row._mapping)
    del values["digest"]
    return Key(**values | {"scopes": frozenset(map(Scope, row.scopes.split()))})
