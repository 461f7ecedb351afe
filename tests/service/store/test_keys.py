"""API keys: the secret is nowhere, the key is found by it until it is revoked."""

import re

import pytest

from selfdebug.service.records import Scope
from selfdebug.service.store import Store
from selfdebug.service.store.engine import Database


def test_a_key_is_recognised_by_its_secret(store: Store) -> None:
    key, secret = store.create_key("team \ud800", [Scope.SUBMIT, Scope.READ], 60, 4)
    other, other_secret = store.create_key("team", [Scope.ADMIN])
    assert re.fullmatch(r"sd_[\w-]{43}", secret)
    assert (key.name, key.rate_per_minute, key.concurrent_jobs) == ("team \ufffd", 60, 4)
    assert key.scopes == {Scope.READ, Scope.SUBMIT}
    assert store.authenticate(secret) == key
    assert store.authenticate(other_secret) == other
    assert store.keys() == [key, other]


@pytest.mark.parametrize("secret", ["", "sd_", "sd_" + "A" * 43, "\0", "\ud800", "ä"])
def test_what_is_no_secret_is_refused(store: Store, secret: str) -> None:
    store.create_key("k", [Scope.READ])
    assert store.authenticate(secret) is None


def test_a_revoked_key_is_refused_for_ever(store: Store) -> None:
    key, secret = store.create_key("k", [Scope.READ])
    revoked = store.revoke(key.id)
    assert revoked is not None
    assert revoked.revoked_at is not None
    assert store.revoke(key.id) == revoked
    assert store.authenticate(secret) is None
    assert store.keys() == [revoked]
    assert store.revoke("key_nothing") is None


def test_the_secret_is_not_stored(store: Store, store_url: str) -> None:
    _, secret = store.create_key("k", [Scope.READ])
    database = Database(store_url)
    with database.read() as connection:
        stored = str(connection.exec_driver_sql("SELECT * FROM keys").all())
    database.close()
    assert "'k'" in stored
    assert secret.removeprefix("sd_") not in stored
