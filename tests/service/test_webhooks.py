"""Signing, refusing and posting of webhooks; what is posted goes to real servers on loopback."""

import asyncio
import base64
import hashlib
import hmac
import ipaddress
import json
import shutil
import socket
import ssl
import stat
import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from selfdebug.service import addresses
from selfdebug.service.addresses import Refused, is_public, refuse_local, resolve
from selfdebug.service.records import Job, Progress, Status
from selfdebug.service.webhooks import (
    DELAYS_S,
    BadSecret,
    Sender,
    Verdict,
    check_url,
    message,
    retry_in,
    sign,
    signing_key,
)

from .receiver import receiving
from .servers import missing

KEY = b"k" * 32
AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
JOB = Job(
    "0123", "owner", "add", "model", Status.SOLVED, "passed", "http://h/", AT, AT, AT, 5, 9, Progress(turns=2, best=2)
)


@pytest.fixture
async def sender() -> AsyncIterator[Sender]:
    """One that may post to this machine."""
    made = Sender(KEY, private=True)
    yield made
    await made.close()


@pytest.fixture
async def strict() -> AsyncIterator[Sender]:
    """One that may post to public addresses only."""
    made = Sender(KEY)
    yield made
    await made.close()


PRIVATE = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.0.9",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.5",
    "224.0.0.1",
    "239.1.1.1",
    "240.0.0.1",
    "255.255.255.255",
    "168.63.129.16",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:7f00:1::",
    "2001:db8::1",
    "2002:7f00:1::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%lo",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_that_are_nobodys_on_the_internet_are_refused(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "8.8.8.8", "172.15.0.1", "172.32.0.1", "2606:4700:4700::1111", "2a00:1450:4001:81b::200e"]
)
def test_ordinary_addresses_pass(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))
    refuse_local(address)


@pytest.mark.parametrize(
    "host",
    [
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0x7f.1",
        "127.0.0.1.",
        "0",
        "10.1",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "a.localhost",
        "db.internal",
        "printer.local",
    ],
)
def test_hosts_that_cannot_be_public_are_refused_without_asking_the_net(host: str) -> None:
    with pytest.raises(Refused):
        refuse_local(host)


async def test_a_name_is_refused_when_one_of_its_addresses_is_private(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {"mixed.example": ["8.8.8.8", "10.0.0.1"], "public.example": ["8.8.8.8", "1.1.1.1"]}
    monkeypatch.setattr(addresses, "_lookup", lambda host, port: names[host])
    with pytest.raises(Refused, match=r"10\.0\.0\.1"):
        await resolve("mixed.example", 443)
    assert [str(address) for address in await resolve("public.example", 443)] == ["8.8.8.8", "1.1.1.1"]
    assert len(await resolve("mixed.example", 443, private=True)) == 2


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://example.com/", "http"),
        ("file:///etc/passwd", "http"),
        ("gopher://example.com/", "http"),
        ("example.com/hook", "http"),
        ("//example.com/hook", "http"),
        ("", "http"),
        ("http://", "host"),
        ("http:///path", "host"),
        ("http://ex ample.com/", "host"),
        ("http://a..example/", "host"),
        ("http://.example/", "host"),
        ("http://./", "host"),
        (f"http://{64 * 'a'}.example/", "host"),
        (f"http://{4 * (63 * 'a' + '.')}example/", "host"),
        ("http://[fe80::1%25lo]/", "host"),
        ("http://user:password@example.com/", "password"),
        ("http://example.com/#part", "fragment"),
        ("http://example.com:0/", "port"),
        ("http://example.com:99999/", "port"),
        ("http://example.com:x/", "URL"),
        ("http://exam\nple.com/", "URL"),
        ("https://example.com/" + "a" * 2048, "longer"),
        ("http://127.0.0.1/", "public"),
        ("http://[::1]:8000/", "public"),
        ("http://[::ffff:10.0.0.1]/", "public"),
        ("http://2130706433/", "public"),
        ("http://localhost:8000/", "public"),
    ],
)
def test_a_url_that_can_never_work_is_told_at_once(url: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check_url(url)


def test_good_urls_pass() -> None:
    check_url("https://example.com/hook?id=1")
    check_url("http://bücher.example:8080")
    check_url("http://127.0.0.1:8000/hook", private=True)
    check_url("http://[2606:4700::1111]/")
    check_url(f"https://my_hooks.{63 * 'a'}.example./")
    with pytest.raises(ValueError, match="http"):
        check_url("ftp://127.0.0.1/", private=True)


def test_the_signature_is_that_of_the_specification() -> None:
    # The example of the specification's reference libraries.
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_what_arrives_is_signed_and_says_how_the_job_ended(sender: Sender) -> None:
    async with receiving() as receiver:
        attempt = await sender.send(f"http://127.0.0.1:{receiver.port}/hook?x=1", JOB.id, message(JOB))
    assert attempt.verdict is Verdict.DELIVERED
    [(line, headers, body)] = receiver.requests
    assert line == "POST /hook?x=1 HTTP/1.1"
    assert headers["host"] == f"127.0.0.1:{receiver.port}"
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(KEY, content, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    told = json.loads(body)
    assert told["type"] == "job.finished"
    assert told["data"]["id"] == JOB.id
    assert told["data"]["status"] == "solved"
    assert told["data"]["best_turn"] == 2


async def test_a_retry_has_the_same_id_and_body(sender: Sender) -> None:
    async with receiving() as receiver:
        for _ in range(2):
            await sender.send(f"http://127.0.0.1:{receiver.port}/", JOB.id, message(JOB))
    first, second = receiver.requests
    assert first[1]["webhook-id"] == second[1]["webhook-id"]
    assert first[2] == second[2]


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ("200 OK", Verdict.DELIVERED),
        ("301 Moved Permanently\r\nlocation: http://127.0.0.1:{port}/other", Verdict.FAILED),
        ("307 Temporary Redirect\r\nlocation: http://127.0.0.1:{port}/other", Verdict.FAILED),
        ("404 Not Found", Verdict.FAILED),
        ("410 Gone", Verdict.HOPELESS),
        ("429 Too Many Requests", Verdict.FAILED),
        ("500 Internal Server Error", Verdict.FAILED),
    ],
)
async def test_the_status_decides_and_no_redirect_is_followed(sender: Sender, status: str, verdict: Verdict) -> None:
    async with receiving() as other:
        answer = f"HTTP/1.1 {status.format(port=other.port)}\r\ncontent-length: 0\r\n\r\n".encode()
        async with receiving(answer) as receiver:
            attempt = await sender.send(f"http://127.0.0.1:{receiver.port}/", JOB.id, b"{}")
    assert attempt.verdict is verdict
    assert len(receiver.requests) == 1
    assert other.requests == []


async def test_an_endless_answer_is_not_read(sender: Sender) -> None:
    async def flood(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n")
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()

    async with receiving(flood) as receiver:
        attempt = await sender.send(f"http://127.0.0.1:{receiver.port}/", JOB.id, b"{}")
    assert attempt.verdict is Verdict.DELIVERED


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200_000])
async def test_an_answer_that_is_none_is_a_failure(sender: Sender, answer: bytes) -> None:
    async with receiving(answer) as receiver:
        attempt = await sender.send(f"http://127.0.0.1:{receiver.port}/", JOB.id, b"{}")
    assert attempt.verdict is Verdict.FAILED


async def test_silence_is_a_failure(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("selfdebug.service.webhooks._ATTEMPT_S", 0.2)

    async def drip(writer: asyncio.StreamWriter) -> None:
        while True:  # a little at a time: no single read takes long
            writer.write(b"H")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with receiving(drip) as receiver:
        attempt = await sender.send(f"http://127.0.0.1:{receiver.port}/", JOB.id, b"{}")
    assert attempt.verdict is Verdict.FAILED
    assert "no answer" in attempt.detail


async def test_nobody_there_is_a_failure(sender: Sender) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    attempt = await sender.send(f"http://127.0.0.1:{port}/", JOB.id, b"{}")
    assert attempt.verdict is Verdict.FAILED


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]", "0"])
async def test_this_machine_is_never_called(strict: Sender, host: str) -> None:
    async with receiving() as receiver:
        attempt = await strict.send(f"http://{host}:{receiver.port}/", JOB.id, b"{}")
    assert attempt.verdict is Verdict.HOPELESS
    assert receiver.requests == []


async def test_a_name_that_means_this_machine_is_refused_at_the_time_of_delivery(
    strict: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(addresses, "_lookup", lambda host, port: ["127.0.0.1"])
    async with receiving() as receiver:
        attempt = await strict.send(f"http://hook.example:{receiver.port}/", JOB.id, b"{}")
    assert attempt.verdict is Verdict.HOPELESS
    assert receiver.requests == []


async def test_the_checked_address_is_the_one_that_is_called(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    # A name that nothing else can resolve: were it resolved again on the way, the call would fail.
    answers = [["127.0.0.1"], ["10.0.0.1"]]
    monkeypatch.setattr(addresses, "_lookup", lambda host, port: answers.pop(0))
    async with receiving() as receiver:
        attempt = await sender.send(f"http://rebound.invalid:{receiver.port}/", JOB.id, b"{}")
    assert attempt.verdict is Verdict.DELIVERED
    assert receiver.requests[0][1]["host"] == f"rebound.invalid:{receiver.port}"
    assert answers == [["10.0.0.1"]]


async def test_the_next_address_is_tried_when_one_does_not_answer(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(addresses, "_lookup", lambda host, port: ["::1", "127.0.0.1"])
    async with receiving() as receiver:
        attempt = await sender.send(f"http://two.invalid:{receiver.port}/", JOB.id, b"{}")
    assert attempt.verdict is Verdict.DELIVERED


async def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with receiving() as proxy, receiving() as receiver:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{proxy.port}")
        sender = Sender(KEY, private=True)
        attempt = await sender.send(f"http://127.0.0.1:{receiver.port}/", JOB.id, b"{}")
        await sender.close()
    assert attempt.verdict is Verdict.DELIVERED
    assert proxy.requests == []


def test_the_waits_grow_and_differ_and_end() -> None:
    for attempts, delay in enumerate(DELAYS_S, 1):
        waits = {retry_in(attempts) for _ in range(20)}
        assert len(waits) > 1
        assert all(wait is not None and 0.8 * delay <= wait <= 1.2 * delay for wait in waits)
    assert retry_in(len(DELAYS_S) + 1) is None
    assert list(DELAYS_S) == sorted(DELAYS_S)


def test_the_secret_is_made_once_and_is_nobody_elses(tmp_path: Path) -> None:
    key = signing_key("", tmp_path / "state")
    assert len(key) == 32
    assert signing_key("", tmp_path / "state") == key
    [path] = (tmp_path / "state").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert signing_key(path.read_text(), tmp_path / "other") == key
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("secret", ["whsec_", "whsec_!!!!", "abc", "whsec_" + base64.b64encode(b"short").decode()])
def test_a_bad_secret_is_told(secret: str, tmp_path: Path) -> None:
    with pytest.raises(BadSecret, match="SELFDEBUG_WEBHOOK_SECRET"):
        signing_key(secret, tmp_path)


def test_a_state_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadSecret, match="SELFDEBUG_WEBHOOK_SECRET"):
        signing_key("", tmp_path / "file" / "state")


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of `hook.example`, with its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        missing("no openssl")
    made = tmp_path / "hook.pem"
    request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=hook.example", "-addext", "subjectAltName=DNS:hook.example"]
    command = [openssl, *request, *names, "-keyout", str(made), "-out", str(tmp_path / "certificate")]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    made.write_bytes(made.read_bytes() + (tmp_path / "certificate").read_bytes())
    return made


@pytest.mark.parametrize(("host", "verdict"), [("hook.example", Verdict.DELIVERED), ("other.example", Verdict.FAILED)])
async def test_a_certificate_must_be_the_names_and_not_the_addresss(
    certificate: Path, monkeypatch: pytest.MonkeyPatch, host: str, verdict: Verdict
) -> None:
    monkeypatch.setattr(addresses, "_lookup", lambda host, port: ["127.0.0.1"])
    served = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    served.load_cert_chain(certificate)
    sender = Sender(KEY, private=True, certificates=ssl.create_default_context(cafile=certificate))
    async with receiving(tls=served) as receiver:
        attempt = await sender.send(f"https://{host}:{receiver.port}/", JOB.id, b"{}")
    await sender.close()
    assert attempt.verdict is verdict
    assert len(receiver.requests) == (verdict is Verdict.DELIVERED)
