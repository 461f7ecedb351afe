"""Celery's transport over a real Redis: one client a pool, and connections that are lost."""

import pytest
from celery import Celery
from kombu import Queue

from selfdebug.service.broker import transport
from selfdebug.service.redis_transport import Transport

from .servers import RedisServer


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


def test_a_connection_that_was_lost_can_be_closed_twice() -> None:
    """As a worker's: one channel holds a message and waits for the next, another waits too."""
    server = RedisServer()
    try:
        app = Celery("test", broker=server.url, set_as_current=False)
        app.conf.broker_transport = transport(server.url)
        connection = app.connection_for_read()
        channel, held = connection.default_channel, []
        lost = connection.connection_errors
        connection.Consumer([Queue("q")], callbacks=[lambda _, message: held.append(message)]).consume()  # type: ignore[no-untyped-call]
        connection.Consumer([Queue("another")], channel=connection.channel()).consume()  # type: ignore[no-untyped-call]
        with connection.Producer() as producer:
            producer.publish("a message", routing_key="q")
        connection.drain_events(timeout=5)
        connection.transport.cycle.on_poll_start()
        assert held
        assert channel._in_poll
        server.stop()
        connection.collect()
        connection.close()
        with pytest.raises(lost):
            held[0].ack()
    finally:
        server.remove()


def test_encrypted_connections_have_it_too() -> None:
    url = "rediss://:word@localhost:1/3?ssl_cert_reqs=required"
    app = Celery("test", broker=url, set_as_current=False)
    app.conf.broker_transport = transport(url)
    connection = app.connection_for_write()
    assert issubclass(connection.get_transport_cls(), Transport)
    assert (connection.hostname, connection.password, connection.virtual_host) == ("localhost", "word", "3")
    assert connection.ssl


def test_another_broker_keeps_its_transport() -> None:
    assert transport("memory://") is None
