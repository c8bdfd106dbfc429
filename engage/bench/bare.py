"""The limit of a server: the same process, site and code, answering once it knows who asks and what was sent.

Nothing is decided, read or written but the keys and sessions. Run as `python -m engage.bench.bare`, it takes what
`engage serve` takes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

import typer
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from engage.actions.sessions import SignedIn
from engage.app import Application, Console, Service, run_server
from engage.settings import read_settings
from engage.web.api import ENDPOINTS
from engage.web.api.events import accept, read_calls
from engage.web.console.routes import console_routes, signed_in_only
from engage.web.endpoint import Endpoint
from engage.web.services import Running
from engage.web.site import build_site


async def _decoded(request: Request, running: Running) -> Response:
    services = running()
    with services.room.share() as share:
        await read_calls(request, services, share)
    return Response(b'{"success":true}', media_type="application/json")


async def _authenticated(_: Any) -> None:
    """The answer to every read is null."""


def _bare(endpoint: Endpoint) -> Endpoint:
    if endpoint.raw is accept:
        return replace(endpoint, raw=_decoded)
    return endpoint if endpoint.handler is None else replace(endpoint, handler=_authenticated)


async def _blank(_: Request, __: SignedIn) -> Response:
    return HTMLResponse()


class BareService(Service):
    """The service without its work."""

    def build_site(self) -> Application:
        console = Console(self.services)
        blank = signed_in_only(console)(_blank)
        pages = [
            Route("/console/", blank),
            Route("/console/companies/{company:path}", blank),
            *console_routes(console),
        ]
        return build_site(self.services, pages, self.lifespan, [_bare(one) for one in ENDPOINTS])


def serve(database: Annotated[str, typer.Option()], port: int = 0) -> None:
    run_server(read_settings(database_url=database, port=port), typer.echo, BareService)


if __name__ == "__main__":
    typer.run(serve)
