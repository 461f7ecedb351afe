"""A PostgreSQL and a Redis for all faults. A fault that ends them starts them again."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from benchmarks.reliability.servers import PartMissing, Postgres, Redis
from benchmarks.reliability.site import Parts

from ..service.servers import missing


@pytest.fixture(scope="session")
def parts() -> Iterator[Parts]:
    with ExitStack() as stack:
        try:
            postgres = Postgres()
            stack.callback(postgres.remove)
            redis = Redis()
            stack.callback(redis.remove)
        except PartMissing as error:
            missing(str(error))
        yield Parts(postgres, redis)
