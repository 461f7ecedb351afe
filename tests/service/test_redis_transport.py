"""Celery's transport over a real Redis: one client a pool, also after its connections were lost."""

import pytest
from celery import Celery
from kombu.transport.redis import Transport as KombusOwn

from selfdebug.service.broker import transport
from selfdebug.service.redis_transport import Transport


def test_a_channel_makes_a_client_a_pool(redis_url: str) -> None:
    app = Celery("test", broker=redis_url, set_as_current=False)
    app.conf.broker_transport = transport(redis_url)
    with app.connection_for_write() as connection:
        assert isinstance(connection.transport, Transport)
        channel = connection.default_channel
        with channel.conn_or_acquire() as one, channel.conn_or_acquire() as again:
            assert one is again
            assert one.ping()
        channel._disconnect_pools()
        with channel.conn_or_acquire() as other:
            assert other is not one
            assert other.ping()
        with channel.conn_or_acquire(one) as given:
            assert given is one


@pytest.mark.parametrize("url", ["rediss://localhost:1/0", "memory://"])
def test_other_brokers_keep_their_transport(url: str) -> None:
    app = Celery("test", broker=url, set_as_current=False)
    app.conf.broker_transport = transport(url)
    assert transport(url) is None
    assert not issubclass(app.connection_for_write().get_transport_cls(), Transport)
    assert issubclass(Transport, KombusOwn)
