"""An endpoint of the API: declared once, with types, and from that decoded, checked, answered and documented.

A handler is `async def name(asked: Asked[Body, Query]) -> Answer`, with msgspec Structs for all three (None for no
body or query). The same annotations decode the request and make the OpenAPI document, so the two cannot disagree.
Owns keys and their kinds, path parameters and the dispatch by method. Must not know any single endpoint.
"""

from __future__ import annotations

import base64
import binascii
import re
import typing as t
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import unquote_to_bytes

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from engage.actions.keys import KINDS, KeyKind, Principal
from engage.core.language import Language, read_language
from engage.errors import Forbidden, InvalidRequest, NotFound, Unauthorized
from engage.web.bodies import DOCUMENT_WIRE_BYTES_MAX, Share, read_body
from engage.web.problems import SEEN
from engage.web.services import Running, Services

B = t.TypeVar("B")
Q = t.TypeVar("Q")

SERVER: t.Final[tuple[KeyKind, ...]] = ("server",)
AGGREGATES: t.Final[tuple[KeyKind, ...]] = ("server", "report")
"""What tells nothing about a single member."""
INGESTION: t.Final[tuple[KeyKind, ...]] = ("server", "write")
PUBLIC: t.Final[tuple[KeyKind, ...]] = ()

IDEMPOTENCY_KEY_CHARS_MAX: t.Final = 255


@dataclass
class Asked(t.Generic[B, Q]):
    """One request, read."""

    services: Services
    request: Request
    principal: Principal | None
    path: Mapping[str, str]
    body: B
    query: Q
    status: int
    """Of the answer. The declared one, unless the handler says otherwise."""

    @property
    def language(self) -> Language:
        """Of the words in the answer: `lang` of the query, else what the client accepts."""
        return read_language(
            getattr(self.query, "lang", None), self.request.headers.get("accept-language", "")
        )

    @property
    def idempotency_key(self) -> str | None:
        key = self.request.headers.get("idempotency-key") or None
        if key is not None and len(key) > IDEMPOTENCY_KEY_CHARS_MAX:
            raise InvalidRequest(f"Idempotency-Key has at most {IDEMPOTENCY_KEY_CHARS_MAX} characters")
        return key


@dataclass(frozen=True)
class Download:
    """An answer that is not JSON."""

    content: bytes
    media_type: str
    filename: str | None = None

    def response(self, status: int) -> Response:
        headers = {}
        if self.filename is not None:
            headers["content-disposition"] = f'attachment; filename="{self.filename}"'
        return Response(self.content, status, headers, media_type=self.media_type)


@dataclass(frozen=True)
class Streamed:
    """An answer that comes in pieces. When the client goes away, what makes them is closed."""

    pieces: AsyncGenerator[bytes]
    media_type: str

    def response(self, status: int) -> Response:
        return _Closing(self.pieces, status, media_type=self.media_type)


class _Closing(StreamingResponse):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Its own way out of a client's leaving may not pass through the generator, which then lives on for a while.
        async with aclosing(t.cast("AsyncGenerator[bytes]", self.body_iterator)):
            await super().__call__(scope, receive, send)


Handler = Callable[[t.Any], Awaitable[t.Any]]
Raw = Callable[[Request, Running], Awaitable[Response]]


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """`errors` are the statuses this endpoint adds to those that every one can answer with."""

    method: str
    path: str
    kinds: tuple[KeyKind, ...]
    summary: str
    tag: str
    body: t.Any = None
    query: t.Any = None
    answer: t.Any = None
    handler: Handler | None = None
    raw: Raw | None = None
    """Instead of a handler: reads the request, the key and the body by itself."""
    name: str = ""
    description: str = ""
    status: int = 200
    statuses: tuple[int, ...] = ()
    """Other successes."""
    errors: tuple[int, ...] = ()
    media_types: tuple[str, ...] = ()
    """Of the answer, beside JSON."""
    body_media_types: tuple[str, ...] = ("application/json",)
    idempotent_by_key: bool = False
    body_optional: bool = False

    @cached_property
    def path_names(self) -> list[str]:
        return re.findall(r"{(\w+)}", self.path)

    @cached_property
    def read(self) -> Callable[[bytes], t.Any]:
        decode = msgspec.json.Decoder(self.body).decode

        def read(body: bytes) -> t.Any:
            try:
                return decode(body)
            except msgspec.ValidationError as error:
                # To JSON Schema 354.0 is an integer; to msgspec only if "5" may be one too, which it is to nobody else.
                if "got `float`" not in str(error):
                    raise
                return msgspec.convert(_whole(msgspec.json.decode(body)), self.body)

        return read


def endpoint(
    method: str,
    path: str,
    *,
    kinds: tuple[KeyKind, ...],
    summary: str,
    tag: str,
    description: str = "",
    status: int = 200,
    statuses: tuple[int, ...] = (),
    errors: tuple[int, ...] = (),
    media_types: tuple[str, ...] = (),
    body_media_types: tuple[str, ...] = ("application/json",),
    idempotent_by_key: bool = False,
    body_optional: bool = False,
) -> Callable[[Handler], Endpoint]:
    """Declares a handler's endpoint; its body, query and answer are in the handler's annotations."""

    def declare(handler: Handler) -> Endpoint:
        hints = t.get_type_hints(handler)
        body, query = t.get_args(hints["asked"])
        none = type(None)
        return Endpoint(
            method=method,
            path=path,
            kinds=kinds,
            summary=summary,
            tag=tag,
            body=None if body is none else body,
            query=None if query is none else query,
            answer=_json_answer(hints["return"]),
            handler=handler,
            name=getattr(handler, "__name__", ""),
            description=description,
            status=status,
            statuses=statuses,
            errors=errors,
            media_types=media_types,
            body_media_types=body_media_types,
            idempotent_by_key=idempotent_by_key,
            body_optional=body_optional,
        )

    return declare


def _json_answer(hint: t.Any) -> t.Any:
    parts = [part for part in t.get_args(hint) or (hint,) if part not in (Download, Streamed)]
    return parts[0] if parts else None


# --- keys ---------------------------------------------------------------------------------------------------


def header_key(request: Request, *, write_key_header: bool = False) -> str | None:
    """The key in the request's headers, None without one. Tracking clients also send `X-Write-Key: key:secret`."""
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    credentials = credentials.strip()
    if scheme.lower() == "basic" and credentials:
        try:
            user = base64.b64decode(credentials, validate=True).partition(b":")[0]
        except (binascii.Error, ValueError):
            raise Unauthorized("the Authorization header is not Basic KEY: in base64") from None
        if user:
            return user.decode(errors="replace")
    if write_key_header:
        key = request.headers.get("x-write-key", "").partition(":")[0].strip()
        if key:
            return key
    if scheme.lower() == "bearer" and credentials:
        return credentials
    return None


def require_kind(principal: Principal, kinds: tuple[KeyKind, ...]) -> None:
    if principal.kind not in kinds:
        wanted = " or ".join(kind for kind in KINDS if kind in kinds)
        raise Forbidden(f"this needs a {wanted} key, and yours is a {principal.kind} key")


async def _authenticate(request: Request, services: Services, kinds: tuple[KeyKind, ...]) -> Principal | None:
    if not kinds:
        return None
    text = header_key(request)
    if text is None:
        raise Unauthorized("a key is needed: Authorization: Bearer KEY, or Basic with the key as user name")
    principal = await services.keys.authenticate(text)
    require_kind(principal, kinds)
    return principal


# --- reading a request --------------------------------------------------------------------------------------


def _read_path(request: Request) -> dict[str, str]:
    """Path parameters as the host wrote its ids. They arrive still encoded, because an id may hold a slash."""
    found = {}
    for name, encoded in request.path_params.items():
        try:
            text = unquote_to_bytes(encoded).decode()
        except UnicodeDecodeError:
            raise NotFound(f"the {name} in the address is not UTF-8") from None
        if "\0" in text:  # no id holds one, and PostgreSQL no text
            raise NotFound(f"the {name} in the address holds a NUL")
        found[name] = text
    return found


def _read_query(request: Request, kind: t.Any) -> t.Any:
    if kind is None:
        return None
    try:
        return msgspec.convert(dict(request.query_params), kind, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidRequest(explain(error, kind, " in the query")) from None


UNKNOWN_FIELD: t.Final = "Object contains unknown field `"
"""How msgspec begins to tell of one."""
LACKING_FIELD: t.Final = "Object missing required field `"
NO_CHOICE: t.Final = "Invalid enum value "


async def _read_json(request: Request, declared: Endpoint, share: Share) -> t.Any:
    if declared.body is None:
        return None
    body = await read_body(request, DOCUMENT_WIRE_BYTES_MAX, share)
    if declared.body is bytes:
        return body
    if not body and declared.body_optional:
        body = b"{}"
    try:
        return declared.read(body)
    except msgspec.ValidationError as error:
        raise InvalidRequest(explain(error, declared.body)) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"the body is not JSON: {error}", code="invalid_json") from None
    except RecursionError:
        raise InvalidRequest("the body is nested too deep", code="too_deep") from None


def _whole(value: t.Any) -> t.Any:
    """JSON with its whole numbers as integers, however they are written."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_whole(one) for one in value]
    return {name: _whole(one) for name, one in value.items()} if isinstance(value, dict) else value


def explain(error: msgspec.ValidationError, kind: t.Any, within: str = "") -> str:
    """msgspec's words with the place first: "amount: expected `int`, got `str`". `kind`: what was to be read."""
    what, _, place = str(error).partition(" - at `")
    name = place.rstrip("`").removeprefix("$").removeprefix(".")
    if what.startswith(UNKNOWN_FIELD):
        name = ".".join(filter(None, (name, what.removeprefix(UNKNOWN_FIELD).rstrip("`"))))
        what = f"there is no such field{within}"
        if not place and (known := _fields(kind)):
            what += f"; it may say {', '.join(known)}"
    elif what.startswith(LACKING_FIELD):
        name = ".".join(filter(None, (name, what.removeprefix(LACKING_FIELD).rstrip("`"))))
        what = "must be given"
    elif what.startswith(NO_CHOICE) and (choices := _choices(kind, name)):
        what = f"must be one of {', '.join(choices)}, not {what.removeprefix(NO_CHOICE)}"
    return f"{name}: {what[:1].lower()}{what[1:]}" if name else what


def _fields(kind: t.Any) -> list[str]:
    if not (isinstance(kind, type) and issubclass(kind, msgspec.Struct)):
        return []
    return [one.encode_name for one in msgspec.structs.fields(kind)]


def _choices(kind: t.Any, name: str) -> list[str]:
    """What a field of its own may say, where these are words."""
    hint = t.get_type_hints(kind).get(name)
    kinds = (hint, *t.get_args(hint))
    return [str(word) for one in kinds if t.get_origin(one) is t.Literal for word in t.get_args(one)]


# --- answering ----------------------------------------------------------------------------------------------


def routes(endpoints: Sequence[Endpoint], running: Running) -> list[Route]:
    """One route per path with all its methods: two routes on one path would make a wrong `Allow` of a 405."""
    by_path: dict[str, dict[str, Endpoint]] = {}
    for one in endpoints:
        methods = by_path.setdefault(one.path, {})
        assert one.method not in methods, f"{one.method} {one.path} is declared twice"
        methods[one.method] = one
    return [
        Route(path, _dispatch(methods, running), methods=list(methods)) for path, methods in by_path.items()
    ]


def _dispatch(methods: Mapping[str, Endpoint], running: Running) -> Callable[[Request], Awaitable[Response]]:
    async def dispatch(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        declared = methods.get(method)
        if declared is None:
            raise HTTPException(405)
        request.scope.setdefault(SEEN, {})["route"] = declared.path
        if declared.raw is not None:
            return await declared.raw(request, running)
        return await _answer(declared, request, running())

    return dispatch


async def _answer(declared: Endpoint, request: Request, services: Services) -> Response:
    assert declared.handler is not None
    principal = await _authenticate(request, services, declared.kinds)
    with services.room.share() as share:
        asked: Asked[t.Any, t.Any] = Asked(
            services=services,
            request=request,
            principal=principal,
            path=_read_path(request),
            query=_read_query(request, declared.query),
            body=await _read_json(request, declared, share),
            status=declared.status,
        )
        answer = await declared.handler(asked)
    if isinstance(answer, Download | Streamed):
        return answer.response(asked.status)
    return Response(msgspec.json.encode(answer), asked.status, media_type="application/json")
