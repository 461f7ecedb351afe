"""Reading server-sent events, however their bytes are cut."""

from hypothesis import given
from hypothesis import strategies as st

from selfdebug.service.sse import ServerEvent, read_events

STREAM = (
    "\ufeffretry: 2000\n\n: hello\n\nid: 0\nevent: a\ndata: {\u00e9}\n\nid: 1\r\ndata: x\r\ndata:  y\r\n\r\ndata\n\n"
)
EVENTS = [ServerEvent("0", "a", "{é}"), ServerEvent("1", "message", "x\n y"), ServerEvent("1", "message", "")]


def test_a_stream_is_read() -> None:
    assert list(read_events([STREAM.encode()])) == EVENTS


@given(st.lists(st.integers(0, len(STREAM.encode())), max_size=30))
def test_the_cuts_do_not_matter(cuts: list[int]) -> None:
    data, ends = STREAM.encode(), sorted(cuts)
    chunks = [data[start:end] for start, end in zip([0, *ends], [*ends, len(data)], strict=True)]
    assert list(read_events(chunks)) == EVENTS


def test_an_event_that_is_not_whole_is_left_out() -> None:
    assert list(read_events([b"id: 7\ndata: half"])) == []
    assert list(read_events([b"id: 7\ndata: half\n"])) == []


def test_each_event_comes_as_soon_as_it_is_whole() -> None:
    def chunks():  # type: ignore[no-untyped-def]
        yield b"data: 1\n\n"
        raise AssertionError("asked for more than it needs")

    assert next(read_events(chunks())).data == "1"


def test_an_id_with_a_null_is_ignored_and_unknown_fields_are() -> None:
    stream = b"id: 3\nid: 4\x00\nfoo: bar\ndata: x\n\n"
    assert list(read_events([stream])) == [ServerEvent("3", "message", "x")]
