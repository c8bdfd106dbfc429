"""For whoever operates the service: is it alive, is it ready, what has it counted, and what can it do.

None of these needs a key of the API, and none tells a company's or member's name or number. Counters of all companies
together still move when one member acts, which shows where there are few: `/metrics` can be given a key of its own.
"""

from __future__ import annotations

from functools import cache
from hmac import compare_digest
from importlib.metadata import version
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from engage import telemetry
from engage.errors import Unauthorized
from engage.store.settings import read_setting
from engage.web import shapes
from engage.web.endpoint import PUBLIC, Endpoint, Raw
from engage.web.openapi import document
from engage.web.services import Running

_OK: Final = msgspec.json.encode(shapes.Status("ok"))


async def healthz(_: Request, running: Running) -> Response:
    """The process lives. It says nothing about the database: a restart would not mend that."""
    return Response(_OK, media_type="application/json")


async def readyz(_: Request, running: Running) -> Response:
    """It can serve: started, and the database answers. Raises Unavailable otherwise."""
    async with running().database.read():
        await read_setting("ready")
    return Response(_OK, media_type="application/json")


async def metrics(request: Request, running: Running) -> Response:
    """Raises Unauthorized where the operator has set a key and the request does not name it."""
    wanted, said = running().settings.metrics_key, request.headers.get("authorization", "")
    if wanted is not None and not compare_digest(said.encode("latin-1"), f"Bearer {wanted}".encode()):
        raise Unauthorized("/metrics needs the key that ENGAGE_METRICS_KEY says: Authorization: Bearer KEY")
    return Response(telemetry.metrics_text(), headers={"content-type": telemetry.METRICS_TYPE})


async def openapi(request: Request, running: Running) -> Response:
    return Response(_document(request.scope.get("root_path", "")), media_type="application/json")


@cache
def _document(mount: str) -> bytes:
    from engage.web.api import ENDPOINTS as EVERY_ENDPOINT

    return msgspec.json.encode(document(EVERY_ENDPOINT, version=version("engage"), servers=[mount or "/"]))


def _declared(
    path: str, raw: Raw, summary: str, media_type: str = "", errors: tuple[int, ...] = ()
) -> Endpoint:
    return Endpoint(
        method="GET",
        path=path,
        kinds=PUBLIC,
        summary=summary,
        tag="operations",
        answer=None if media_type else shapes.Status,
        raw=raw,
        name=path.strip("/").replace(".", "_"),
        media_types=(media_type,) if media_type else (),
        errors=errors,
    )


ENDPOINTS: Final = [
    _declared("/healthz", healthz, "Whether the process lives"),
    _declared("/readyz", readyz, "Whether it can serve", errors=(503,)),
    _declared("/metrics", metrics, "Counters and timings in Prometheus' text form", "text/plain", (401,)),
    _declared("/openapi.json", openapi, "This document", "application/json"),
]
