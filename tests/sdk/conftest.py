"""A loopback service for the SDK's tests: a real socket, programmable answers, a record of what arrived.

Owns no semantics of Engage: it takes every batch unless told otherwise. Must not import `engage`.
"""

from __future__ import annotations

import gzip
import json
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from engage_sdk import EngageError

Problem = tuple[EngageError, Sequence[dict[str, Any]]]


@dataclass
class Arrived:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        inflated = gzip.decompress(self.body) if "content-encoding" in self.headers else self.body
        return json.loads(inflated)


@dataclass
class Service:
    requests: list[Arrived] = field(default_factory=list)
    answers: deque[tuple[int, Any, dict[str, str]]] = field(default_factory=deque)
    gate: threading.Event = field(default_factory=threading.Event)
    entered: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def answer(self, status: int, document: Any = None, **headers: str) -> None:
        """The next request that has no answer yet gets this one."""
        self.answers.append((status, document, headers))

    @property
    def batches(self) -> list[list[dict[str, Any]]]:
        return [one.document["batch"] for one in self.requests if one.path.endswith("/v1/batch")]

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [message for batch in self.batches for message in batch]


def _handler(service: Service) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            service.entered.set()
            service.gate.wait(30)
            service.requests.append(Arrived(self.command, self.path, headers, body))
            status, document, extra = 200, {"success": True, "results": {}}, {}
            if service.answers:
                status, document, extra = service.answers.popleft()
            data = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_response(status)
            for name, value in {"Content-Length": str(len(data)), **extra}.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = _serve  # noqa: N815 - the names http.server looks for

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    return Handler


@pytest.fixture
def service() -> Iterator[Service]:
    """A service on a loopback port. `gate.clear()` makes it keep everybody waiting."""
    one = Service()
    one.gate.set()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(one))
    server.daemon_threads = True
    one.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield one
    one.gate.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def problems() -> list[Problem]:
    """What on_error was told, if `note` is passed as on_error."""
    return []


@pytest.fixture
def note(problems: list[Problem]) -> Callable[[EngageError, Sequence[dict[str, Any]]], None]:
    return lambda error, messages: problems.append((error, messages))
