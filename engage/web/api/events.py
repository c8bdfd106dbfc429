"""The Segment tracking API, as the clients in use really speak it.

Each oddity here is what a real client does or needs: the key in any of four places, a content type that says
form-urlencoded over gzipped JSON, NaN in a JSON body, success that is exactly 200 with `"success": true`. One bad
message never fails its batch: every client drops a whole batch on a 4xx.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal
from uuid import uuid4

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engage import telemetry
from engage.actions.ingest import Outcome
from engage.actions.keys import Principal
from engage.core.call import Call, Refusal, parse_time, read_call
from engage.errors import InvalidRequest, TooLarge, Unauthorized
from engage.web.bodies import KEYLESS_WIRE_BYTES_MAX, WIRE_BYTES_MAX, Share, inflate_into, read_body
from engage.web.endpoint import INGESTION, Endpoint, header_key, require_kind
from engage.web.services import Running, Services
from engage.web.shapes import Effect, Reason, Time

VERBS: Final[dict[str, str | None]] = {
    "batch": None,
    "b": None,
    "track": "track",
    "t": "track",
    "identify": "identify",
    "i": "identify",
    "group": "group",
    "g": "group",
    "page": "page",
    "p": "page",
    "screen": "screen",
    "s": "screen",
    "alias": "alias",
    "a": "alias",
}
"""The last part of the path -> the type of the one message in the body; None: a batch, each with its own `type`."""

BATCH_MESSAGES_MAX: Final = 5_000
"""Segment's clients send at most 100; our own and imports send more. A larger batch is refused as a whole."""
KEY_CHARS_MAX: Final = 200
DIGITS_MAX: Final = 400
"""Of one number: a longer one is taken as infinite, and so as missing. Python itself refuses from 4,300 on."""
RETRY_COUNT_MAX: Final = 1_000_000

_BODY_KEYS: Final = ("writeKey", "api_key")


# --- the wire shapes, for the document ----------------------------------------------------------------------

Loose = dict[str, Any]


class Context(Struct, rename="camel", omit_defaults=True):
    """What surrounds a message. Anything else may be sent, and is not kept."""

    group_id: Annotated[str | None, Meta(description="The company.")] = None


class TrackingMessage(Struct, rename="camel", omit_defaults=True):
    """One call of the Segment spec. `userId` or `anonymousId` is required; unknown fields are ignored.

    Ids may also be numbers. What cannot be accepted is rejected by itself, never with its batch.
    """

    type: Literal["track", "identify", "group", "page", "screen", "alias"] | UnsetType = UNSET
    message_id: Annotated[
        str,
        Meta(
            max_length=1024, description="The same id again changes nothing, ever. One is made when missing."
        ),
    ] = ""
    user_id: Annotated[str, Meta(max_length=255, description="The member, by the host's id.")] = ""
    anonymous_id: Annotated[str, Meta(max_length=255)] = ""
    group_id: Annotated[
        str, Meta(max_length=255, description="The company. Of a track call, `context.groupId` counts first.")
    ] = ""
    previous_id: Annotated[str, Meta(description="alias: the anonymousId that becomes `userId`.")] = ""
    event: Annotated[str, Meta(max_length=255, description="track: what the member did.")] = ""
    name: Annotated[str, Meta(max_length=255, description="page, screen: its name.")] = ""
    properties: Loose = {}
    traits: Loose = {}
    timestamp: Annotated[Time | None, Meta(description="When it happened, by the client's clock.")] = None
    original_timestamp: Annotated[Time | None, Meta(description="The same, as some clients name it.")] = None
    sent_at: Annotated[
        Time | None, Meta(description="When it was sent, by the same clock: corrects a clock that is off.")
    ] = None
    context: Context | None = None
    write_key: Annotated[str, Meta(description="The key, for clients that cannot set headers.")] = ""


class Batch(Struct, rename="camel", omit_defaults=True):
    """Up to 5,000 messages, at most 8 MiB inflated."""

    batch: Annotated[list[TrackingMessage], Meta(max_length=BATCH_MESSAGES_MAX)]
    sent_at: Time | None = None
    context: Annotated[Context | None, Meta(description="Of every message that has none of its own.")] = None
    write_key: str = ""


class Result(Struct, omit_defaults=True):
    """What became of one message.

    ok: decided and durable; with a `reason`, recorded but not decided. duplicate: known already, nothing done.
    rejected: kept among the rejects with its reason; sending it again will not help. retry: not kept; it may.
    """

    status: Literal["ok", "duplicate", "rejected", "retry"]
    reason: Reason | UnsetType = UNSET
    warnings: list[str] | UnsetType = UNSET
    effects: Annotated[list[Effect], Meta(description="For server keys only.")] | UnsetType = UNSET


class Accepted(Struct):
    """Exactly this, with status 200, is success: clients in use send everything again on any other answer."""

    success: Literal[True]
    results: Annotated[
        dict[str, Result],
        Meta(description="By messageId. A message that has none is named by its place: #0, #1, ..."),
    ]


# --- reading ------------------------------------------------------------------------------------------------


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= DIGITS_MAX else float("inf")


_lenient = json.JSONDecoder(parse_int=_integer)


def parse_body(body: bytes) -> Any:
    """JSON, also the kind of JSON that clients send: NaN, Infinity, lone surrogates, broken UTF-8, huge numbers."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass  # the slow way decides
    except RecursionError:
        raise _too_deep() from None
    try:
        return _lenient.decode(body.decode("utf-8-sig", errors="replace"))
    except ValueError as error:
        raise InvalidRequest(f"the body is not JSON: {error}", code="invalid_json") from None
    except RecursionError:
        raise _too_deep() from None


def _too_deep() -> InvalidRequest:
    return InvalidRequest("the body is nested too deep", code="too_deep")


def read_batch(document: Mapping[str, Any]) -> list[Any]:
    batch = document.get("batch")
    if not isinstance(batch, list):
        raise InvalidRequest("`batch` must be a list of messages")
    if len(batch) > BATCH_MESSAGES_MAX:
        raise TooLarge(f"a batch has at most {BATCH_MESSAGES_MAX} messages, and this one {len(batch)}")
    context = document.get("context")
    if isinstance(context, dict):
        batch = [
            {**raw, "context": context} if isinstance(raw, dict) and "context" not in raw else raw
            for raw in batch
        ]
    return batch


async def _from_headers(request: Request, services: Services) -> Principal | None:
    """Who asks, by a key in the headers; None without one. A wrong key there is not made good by one in the body."""
    key = header_key(request, write_key_header=True)
    return None if key is None else await _principal(key, services)


async def _from_body(document: Any, services: Services) -> Principal:
    key: Any = None
    if isinstance(document, dict):
        key = next((document[name] for name in _BODY_KEYS if document.get(name)), None)
    if not isinstance(key, str):
        raise Unauthorized(
            "a key is needed: in Authorization (Basic KEY: or Bearer KEY), X-Write-Key, or the body's writeKey"
        )
    return await _principal(key, services)


async def _principal(key: str, services: Services) -> Principal:
    principal = await services.keys.authenticate(key[:KEY_CHARS_MAX])
    require_kind(principal, INGESTION)
    return principal


async def read_calls(
    request: Request, services: Services, share: Share
) -> tuple[Principal, list[Call | Refusal]]:
    """Who asks, and what each message of the body says."""
    principal = await _from_headers(request, services)
    services.ingestion.check_open()
    most = KEYLESS_WIRE_BYTES_MAX if principal is None else WIRE_BYTES_MAX
    body = await read_body(request, most, share)
    document = parse_body(await inflate_into(share, body, request.headers.get("content-encoding", "")))
    if principal is None:
        principal = await _from_body(document, services)
    if not isinstance(document, dict):
        raise InvalidRequest("the body must be a JSON object")
    verb = VERBS[request.url.path.rpartition("/")[2]]
    raws = [document] if verb is not None else read_batch(document)
    sent_at = parse_time(document.get("sentAt") or document.get("sent_at"))
    received_at = services.now()
    return principal, [
        read_call(
            raw,
            verb=verb,
            received_at=received_at,
            sent_at=sent_at,
            trusted=principal.kind == "server",
            new_id=_new_id,
        )
        for raw in raws
    ]


async def accept(request: Request, running: Running) -> Response:
    """Reads, decides and answers one request of the tracking API."""
    services = running()
    _count_retries(request)
    with services.room.share() as share:
        principal, calls = await read_calls(request, services, share)
        outcomes = await services.ingestion.accept(calls) if calls else []
        _count_outcomes(outcomes)
        answer = {"success": True, "results": _results(calls, outcomes, principal)}
        return Response(msgspec.json.encode(answer), media_type="application/json")


def _new_id() -> str:
    return uuid4().hex


def _results(
    calls: list[Call | Refusal], outcomes: list[Outcome], principal: Principal
) -> dict[str, dict[str, Any]]:
    """By messageId; of two copies in one batch the first is told, which is the one that counted."""
    results: dict[str, dict[str, Any]] = {}
    for index, (call, outcome) in enumerate(zip(calls, outcomes, strict=True)):
        result: dict[str, Any] = {"status": outcome.status}
        if outcome.reason is not None:
            result["reason"] = {"code": outcome.reason.code, "message": outcome.reason.message}
        if outcome.warnings:
            result["warnings"] = outcome.warnings
        if principal.kind == "server" and outcome.status == "ok":
            result["effects"] = outcome.effects
        results.setdefault(call.message_id or f"#{index}", result)
    return results


def _count_outcomes(outcomes: list[Outcome]) -> None:
    for outcome in outcomes:
        telemetry.MESSAGES.labels(outcome.status).inc()
        if outcome.status in ("rejected", "retry") and outcome.reason is not None:
            telemetry.REFUSALS.labels(outcome.reason.code).inc()


def _count_retries(request: Request) -> None:
    text = request.headers.get("x-retry-count", "")
    if text.isascii() and text.isdigit() and len(text) < 10:
        count = min(int(text), RETRY_COUNT_MAX)
        telemetry.RETRY_COUNT.observe(count)
        if count:
            telemetry.RETRIED_REQUESTS.inc()


# --- browsers -----------------------------------------------------------------------------------------------

PREFLIGHT: Final = (
    (b"access-control-allow-methods", b"POST"),
    (
        b"access-control-allow-headers",
        b"authorization, content-type, content-encoding, x-write-key, x-retry-count",
    ),
    (b"access-control-max-age", b"86400"),
    (b"access-control-allow-origin", b"*"),
    (b"content-length", b"0"),
)


class AnyOrigin:
    """Tracking from a page of any site: a write key may be public, and no cookie is ever read here.

    Every answer says so, errors as well, or a browser would hide the reason from its page.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "OPTIONS":
            await send({"type": "http.response.start", "status": 204, "headers": list(PREFLIGHT)})
            await send({"type": "http.response.body", "body": b""})
            return

        async def open_to_all(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["access-control-allow-origin"] = "*"
                headers["access-control-expose-headers"] = "retry-after"
                headers["cross-origin-resource-policy"] = "cross-origin"
            await send(message)

        await self.app(scope, receive, open_to_all)


# --- declarations -------------------------------------------------------------------------------------------

_NOTE: Final = (
    "The Segment tracking API. Also below any mount, such as /anything/v1/{verb}. The key may be in `Authorization` "
    "(Basic, as user name, or Bearer), in `X-Write-Key` or in the body as `writeKey`. The content type is ignored; "
    "`Content-Encoding: gzip` is honoured."
)


def _declared(path: str, verb: str | None) -> Endpoint:
    return Endpoint(
        method="POST",
        path=f"/v1/{path}",
        kinds=INGESTION,
        summary="Report several calls" if verb is None else f"Report one {verb} call",
        tag="events",
        body=Batch if verb is None else TrackingMessage,
        answer=Accepted,
        raw=accept,
        name=f"report_{path}",
        description=_NOTE.replace("{verb}", path),
        errors=(413, 429),
    )


ENDPOINTS: Final = [_declared(path, verb) for path, verb in VERBS.items()]
