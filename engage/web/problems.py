"""How a mistake looks on the wire: RFC 9457 problem details, with the string `code` and `message` clients need.

The one place where an error becomes a response, whoever made it: a caller's mistake (`engage.errors`), the
router's 404 and 405, or our own, which is logged whole and told to nobody. Every body has `code` and `message`:
without them two of the tracking clients in use retry a permanent error to their last try, and `detail` is where a
third looks.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import msgspec
from msgspec import Struct, field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engage.errors import EngageError

log = logging.getLogger(__name__)

PROBLEM_TYPE: Final = "application/problem+json"
ROUTER_CODES: Final = {404: "not_found", 405: "method_not_allowed", 413: "body_too_large"}

SEEN: Final = "engage.seen"
"""In the ASGI scope: what is known about a request once it is routed, for counters and log lines."""

# Of the schemes we accept, the one for which a browser opens no password dialog over somebody else's page.
CHALLENGE: Final = {"www-authenticate": 'Bearer realm="engage"'}


class Problem(Struct, omit_defaults=True):
    """An error. `code` is for programs and keeps its meaning; `message`, and `detail` alike, is for people."""

    title: str
    status: int
    code: str
    message: str
    detail: str
    type: str = field(default="about:blank")
    errors: list[dict[str, Any]] = []
    """Every mistake, where there can be several: each has a `pointer` (RFC 6901) and a `message`."""


class _Written(Problem):
    """With `type` always written: its default says what it says by being there."""

    def encode(self) -> bytes:
        return msgspec.json.encode({"type": self.type, **msgspec.to_builtins(self)})


def problem(
    status: int,
    code: str,
    message: str,
    *,
    errors: list[dict[str, Any]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    title = HTTPStatus(status).phrase
    body = _Written(title, status, code, message, message, errors=errors or []).encode()
    return Response(body, status, headers, media_type=PROBLEM_TYPE)


def answer_to(error: EngageError) -> Response:
    headers = dict(CHALLENGE) if error.status == 401 else {}
    retry_after = getattr(error, "retry_after", None)
    if retry_after is not None:
        headers["retry-after"] = str(retry_after)  # whole seconds: clients parse nothing else
    return problem(error.status, error.code, error.message, errors=error.errors, headers=headers)


async def on_mistake(_: Request, error: EngageError) -> Response:
    return answer_to(error)


async def on_router(request: Request, error: HTTPException) -> Response:
    """What the router itself refuses."""
    code = ROUTER_CODES.get(error.status_code, "invalid_request")
    if error.status_code == 404:
        message = "there is nothing at this address"
    elif error.status_code == 405:
        allowed = sorted({*(error.headers or {}).get("Allow", "").split(", ")} - {"", "HEAD", "OPTIONS"})
        takes = f", which takes {', '.join(allowed)}" if allowed else ""
        message = f"{request.method} is not for this address{takes}"
    else:
        message = error.detail
    return problem(error.status_code, code, message, headers=error.headers)


def unexpected() -> Response:
    return problem(500, "internal", "something went wrong here; it was logged")


HANDLERS: Final[dict[Any, Any]] = {
    EngageError: on_mistake,
    HTTPException: on_router,
}


class Unexpected:
    """Around everything: what nobody foresaw is logged with its traceback and answered with a bare 500."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except ClientDisconnect:
            pass  # the caller went away while sending; there is nobody to answer
        except Exception:
            # The route and not the address, which names a member and may hold a secret.
            log.exception("%s %s failed", scope["method"], scope.get(SEEN, {}).get("route", "an address"))
            if not started:
                await unexpected()(scope, receive, send)
