"""The whole web side as one ASGI application: the API, the pages, and what surrounds every request.

Owns the order of the layers and how an address reaches its route. Must not know what any endpoint does, nor how the
services are started: `running` gives them, or says that they do not run.
"""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engage import telemetry
from engage.web.api import ENDPOINTS, events
from engage.web.endpoint import Endpoint, routes
from engage.web.problems import HANDLERS, SEEN, Unexpected
from engage.web.security import SecurityHeaders
from engage.web.services import Running

API_PREFIX: Final = "/v1/"
UNROUTED: Final = "other"
_TRACKING = re.compile(rf"(?P<mount>.*?)/v1/(?P<verb>{'|'.join(events.VERBS)})/?")


class Addresses:
    """Puts a request's address into the form the routes are written in.

    Below /v1/ that is the path as sent, still percent-encoded: an id may hold a slash, and decoded it would be
    another address. A tracking call may stand below any mount, because each client has its own idea of a base URL.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            root = scope.get("root_path", "") if scope["path"].startswith(scope.get("root_path", "")) else ""
            path = scope["path"].removeprefix(root)
            if path.startswith(API_PREFIX):
                raw = scope.get("raw_path") or quote(scope["path"]).encode()
                scope = {**scope, "path": root + raw.decode("ascii", errors="replace")[len(quote(root)) :]}
            tracking = _TRACKING.fullmatch(path)
            if tracking is not None and not tracking["mount"].startswith(API_PREFIX):
                scope = {**scope, "path": f"{root}{API_PREFIX}{tracking['verb']}"}
        await self.app(scope, receive, send)


class Counted:
    """Counts each answer and its time by route, never by address: an address holds ids."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        seen: dict[str, str] = {}
        scope[SEEN] = seen
        status = "none"
        started = time.perf_counter()

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        try:
            await self.app(scope, receive, watch)
        finally:
            route = seen.get("route", UNROUTED)
            method = scope["method"] if route != UNROUTED else UNROUTED
            telemetry.REQUESTS.labels(method, route, status).inc()
            telemetry.REQUEST_SECONDS.labels(route).observe(time.perf_counter() - started)


def api_routes(running: Running, endpoints: Sequence[Endpoint] = ENDPOINTS) -> list[Route]:
    """Every endpoint; those of the tracking API open to pages of any origin."""
    tracking = {one.path for one in events.ENDPOINTS}
    found = routes(endpoints, running)
    for route in found:
        if route.path in tracking:
            route.methods = {*(route.methods or ()), "OPTIONS"}
            route.app = events.AnyOrigin(route.app)
    return found


async def _front_door(_: Request) -> RedirectResponse:
    """Who opens the bare address in a browser wants the pages."""
    return RedirectResponse("console/", 307)


def build_site(
    running: Running,
    pages: Sequence[BaseRoute] = (),
    lifespan: Callable[[], AbstractAsyncContextManager[object]] | None = None,
    endpoints: Sequence[Endpoint] = ENDPOINTS,
) -> ASGIApp:
    """The application. `lifespan` is entered while the server runs; a host that mounts this enters its own."""

    @asynccontextmanager
    async def while_serving(_: Starlette) -> AsyncIterator[None]:
        assert lifespan is not None
        async with lifespan():
            yield

    site = Starlette(
        routes=[*api_routes(running, endpoints), Route("/", _front_door), *pages],
        middleware=[
            Middleware(Counted),
            Middleware(SecurityHeaders),
            Middleware(Unexpected),
            Middleware(Addresses),
        ],
        exception_handlers=HANDLERS,
        lifespan=while_serving if lifespan is not None else None,
    )
    site.router.redirect_slashes = False
    return site
