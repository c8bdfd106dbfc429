"""What goes out reaches public addresses only, follows nothing, and comes to an answer whatever happens."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from engage import outgoing
from engage.outgoing import Outgoing, is_public


@pytest.mark.parametrize(
    "address, public",
    [
        *(("93.184.215.14", True), ("2606:4700::1111", True)),
        *(("127.0.0.1", False), ("10.1.2.3", False), ("172.16.0.1", False), ("192.168.1.1", False)),
        *(("169.254.169.254", False), ("100.64.0.1", False), ("0.0.0.0", False), ("224.0.0.1", False)),
        *(("::1", False), ("::", False), ("fe80::1%eth0", False), ("fd00::1", False), ("ff02::1", False)),
        *(("::ffff:127.0.0.1", False), ("64:ff9b::7f00:1", False), ("2002:7f00:1::", False)),
        *(("64:ff9b:1::7f00:1", False), ("::127.0.0.1", False), ("192.0.0.8", False)),
        ("::ffff:93.184.215.14", True),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


@asynccontextmanager
async def answering(said: bytes) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server on this machine that answers everything alike, and what it was asked."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(said)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hooks", asked


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    said = b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"
    out = Outgoing(private=True)
    async with answering(said) as (url, asked):
        answer = await out.post(url, {"webhook-id": "msg_1"}, b"{}")
    await out.close()
    assert (answer.status, answer.accepted, len(asked)) == (302, False, 1)
    assert b"webhook-id: msg_1" in asked[0].lower()


async def test_a_body_without_an_end_is_not_waited_for() -> None:
    out = Outgoing(private=True)
    async with answering(b"HTTP/1.1 429 Slow\r\nretry-after: 7\r\ncontent-length: 1000000\r\n\r\n") as (
        url,
        _,
    ):
        answer = await asyncio.wait_for(out.post(url, {}, b"{}"), 5)
    await out.close()
    assert (answer.status, answer.retry_after) == (429, 7)


async def test_this_machine_is_not_reached_by_any_name(monkeypatch: pytest.MonkeyPatch) -> None:
    out = Outgoing()
    async with answering(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n") as (url, asked):
        for target in (url, url.replace("127.0.0.1", "localhost"), url.replace("127.0.0.1", "[::1]")):
            answer = await out.post(target, {}, b"{}")
            assert answer.status == 0
            assert "not an address of the public internet" in answer.error

        def two(*_: Any, **__: Any) -> list[Any]:
            """A name with a public and a private address."""
            public, private = ("93.184.215.14", 80), ("127.0.0.1", 80)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", one) for one in (public, private)]

        monkeypatch.setattr(socket, "getaddrinfo", two)
        assert "not an address" in (await out.post("http://two.example/", {}, b"{}")).error
        assert asked == []
    await out.close()


async def test_the_address_looked_at_is_the_one_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, Any, str]] = []

    async def send(self: Any, request: Any) -> Any:
        seen.append((request.url.host, request.extensions["sni_hostname"], request.headers["host"]))
        raise outgoing.httpx.ConnectError("far enough")

    def two(*_: Any, **__: Any) -> list[Any]:
        found = ("2606:4700::1111", "93.184.215.14")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 443)) for one in found]

    monkeypatch.setattr(outgoing.httpx.AsyncHTTPTransport, "handle_async_request", send)
    monkeypatch.setattr(socket, "getaddrinfo", two)
    out = Outgoing()
    answer = await out.post("https://host.example/hooks", {}, b"{}")
    await out.close()
    assert (answer.status, answer.error) == (0, "far enough")
    # Where nobody answers at the one, perhaps somebody does at the other.
    assert seen == [
        ("2606:4700::1111", "host.example", "host.example"),
        ("93.184.215.14", "host.example", "host.example"),
    ]


async def test_names_that_are_not_resolved_keep_nobody_else_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for a name server is no thread that makes pages and scores."""
    answers = threading.Event()

    def never(*_: Any, **__: Any) -> list[Any]:
        answers.wait(20)
        raise socket.gaierror("no answer")

    monkeypatch.setattr(socket, "getaddrinfo", never)
    out = Outgoing()
    posts = [asyncio.create_task(out.post(f"https://h{n}.example/", {}, b"{}")) for n in range(64)]
    await asyncio.sleep(0.05)
    assert await asyncio.wait_for(asyncio.to_thread(lambda: 7), 2) == 7
    answers.set()
    assert {(await one).status for one in posts} == {0}
    await out.close()


async def test_nobody_there_is_told_in_words() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    out = Outgoing(private=True)
    answer = await out.post(f"http://127.0.0.1:{port}/", {}, b"{}")
    await out.close()
    assert answer.status == 0
    assert answer.error
