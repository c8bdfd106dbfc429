"""The calls that answer: for each, its request and how its answer is read. Pure, like `_delivery`.

Owns paths, query and body shapes, retries of one call, and paging. Both clients run these; neither builds a
request.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Generic, TypeAlias, TypeVar
from urllib.parse import quote, urlencode

from . import _limits, models
from ._message import Id, identifier
from ._retry import RetryPolicy, is_retryable, parse_retry_after
from ._wire import Answer, Request, Response, Send, Wait
from .errors import ConnectionFailed, InvalidArgument, InvalidResponse, MessageInvalid, api_error

T = TypeVar("T")
Perform: TypeAlias = "Generator[Send | Wait, Answer | None, T]"


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """A request and the reader of its answer."""

    request: Request
    read: Callable[[Any], T]


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list; `next_cursor` is None on the last."""

    items: tuple[T, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """A list read page by page."""

    path: str
    kind: type[T]
    page_size: int
    query: Mapping[str, str | None] = field(default_factory=dict)

    def page(self, cursor: str | None) -> Call[Page[T]]:
        """The call for the page after a cursor."""
        return _get(self.path, self._read, {**self.query, "limit": self.page_size, "cursor": cursor})

    def _read(self, document: Any) -> Page[T]:
        items = document.get("data") if isinstance(document, dict) else None
        if not isinstance(items, list):
            raise InvalidResponse("the answer has no data")
        cursor = document.get("next_cursor")
        return Page(tuple(models.decode(self.kind, item) for item in items), cursor if cursor else None)


class Paging(Generic[T]):
    """Walks a listing: the caller runs `next_call()` and hands its page to `items_of()` until there is none."""

    def __init__(self, listing: Listing[T]) -> None:
        self._listing = listing
        self._next: Call[Page[T]] | None = listing.page(None)
        self._cursor: str | None = None

    def next_call(self) -> Call[Page[T]] | None:
        """The call for the next page, None after the last."""
        return self._next

    def items_of(self, page: Page[T]) -> tuple[T, ...]:
        """The page's items; remembers where to go on. A cursor that does not move would never end."""
        if page.next_cursor is not None and page.next_cursor == self._cursor:
            raise InvalidResponse("the service repeats a cursor")
        self._cursor = page.next_cursor
        self._next = None if page.next_cursor is None else self._listing.page(page.next_cursor)
        return page.items


def perform(
    call: Call[T], retry: RetryPolicy, clock: Callable[[], float], random: Callable[[], float]
) -> Perform[T]:
    """Runs a call to its answer or its error. A repeated request is the same one, Idempotency-Key and all."""
    failures = 0
    while True:
        answer = yield Send(call.request)
        if isinstance(answer, Response) and 200 <= answer.status < 300:
            document = answer.document()
            if document is None:
                raise InvalidResponse(f"the service answered {answer.status} with something that is not JSON")
            return call.read(document)
        assert answer is not None
        failures += 1
        retry_after: float | None = None
        if isinstance(answer, ConnectionFailed):
            error: Exception = answer
            again = True
        else:
            retry_after = parse_retry_after(answer.retry_after, clock())
            error = api_error(answer.status, answer.document(), retry_after)
            again = is_retryable(answer.status)
        if not again or failures >= min(retry.tries_max, _limits.CALL_TRIES_MAX):
            raise error
        if retry_after is not None and retry_after > _limits.CALL_WAIT_SECONDS_MAX:
            raise error
        yield Wait(retry.delay(failures, retry_after, random()))


def get_company(company: Id) -> Call[models.Company]:
    """GET /v1/companies/{company}"""
    return _get(_company(company), _reader(models.Company))


def list_companies(page_size: int) -> Listing[models.Company]:
    """GET /v1/companies"""
    return Listing("/v1/companies", models.Company, _page_size(page_size))


def create_company(
    company: Id, name: str | None, timezone: str | None, seats: int | None
) -> Call[models.Company]:
    """POST /v1/companies"""
    body = {"id": _id(company, "company"), "name": name, "timezone": timezone, "seats": seats}
    return _post("/v1/companies", body, _reader(models.Company), None)


def get_member(company: Id, member: Id) -> Call[models.Member]:
    """GET /v1/companies/{company}/members/{member}"""
    return _get(_member(company, member), _reader(models.Member))


def list_members(company: Id, page_size: int) -> Listing[models.Member]:
    """GET /v1/companies/{company}/members"""
    return Listing(f"{_company(company)}/members", models.Member, _page_size(page_size))


def erase_member(
    company: Id, member: Id, actor: str | None, dry_run: bool, key: str | None
) -> Call[models.Erasure]:
    """DELETE /v1/companies/{company}/members/{member}"""
    given = {"actor": actor, "dry_run": "true" if dry_run else None}
    query = urlencode({name: value for name, value in given.items() if value is not None})
    path = _member(company, member) + (f"?{query}" if query else "")
    return Call(Request("DELETE", path, _with_key(key)), _reader(models.Erasure))


def get_leaderboard(
    company: Id, board: str | None, limit: int, member: Id | None, around: int, before: bool
) -> Call[models.Leaderboard]:
    """GET .../leaderboard"""
    query = {
        "board": board,
        "limit": limit,
        "member": None if member is None else _id(member, "member"),
        "around": around or None,
        "before": "true" if before else None,
    }
    return _get(f"{_company(company)}/leaderboard", _reader(models.Leaderboard), query)


def set_preferences(
    company: Id, member: Id, leaderboard: bool | None, actor: str | None
) -> Call[models.Preferences]:
    """PUT .../members/{member}/preferences"""
    body = {"leaderboard": leaderboard, "actor": actor}
    return _put(f"{_member(company, member)}/preferences", body, _reader(models.Preferences))


def list_benefits(company: Id, member: Id) -> Call[tuple[models.Benefit, ...]]:
    """GET .../members/{member}/benefits"""

    def read(document: Any) -> tuple[models.Benefit, ...]:
        items = document.get("data") if isinstance(document, dict) else None
        if not isinstance(items, list):
            raise InvalidResponse("the answer has no data")
        return tuple(models.decode(models.Benefit, item) for item in items)

    return _get(f"{_member(company, member)}/benefits", read)


def get_benefit(company: Id, member: Id, benefit: str) -> Call[models.Benefit]:
    """GET .../members/{member}/benefits/{benefit}"""
    path = f"{_member(company, member)}/benefits/{_segment(benefit, 'benefit')}"
    return _get(path, _reader(models.Benefit))


def list_transfers(company: Id, member: Id, page_size: int) -> Listing[models.Transfer]:
    """GET .../members/{member}/transfers"""
    return Listing(f"{_member(company, member)}/transfers", models.Transfer, _page_size(page_size))


def list_decisions(company: Id, member: Id, page_size: int) -> Listing[models.Decision]:
    """GET .../members/{member}/decisions"""
    return Listing(f"{_member(company, member)}/decisions", models.Decision, _page_size(page_size))


def adjust(
    company: Id, member: Id, currency: str, amount: int, reason: str, actor: str | None, key: str | None
) -> Call[models.Adjustment]:
    """POST .../members/{member}/adjustments"""
    body = {
        "currency": _text(currency, "currency"),
        "amount": _whole(amount, "amount"),
        "reason": _text(reason, "reason"),
        "actor": actor,
    }
    return _post(f"{_member(company, member)}/adjustments", body, _reader(models.Adjustment), key)


def list_adjustments(company: Id, status: str | None, page_size: int) -> Listing[models.AdjustmentRequest]:
    """GET .../adjustments"""
    path = f"{_company(company)}/adjustments"
    return Listing(path, models.AdjustmentRequest, _page_size(page_size), {"status": status})


def settle_adjustment(
    company: Id, adjustment: str, step: str, reason: str, actor: str | None, key: str | None
) -> Call[models.Adjustment]:
    """POST .../adjustments/{adjustment}/{approve,decline}"""
    path = f"{_company(company)}/adjustments/{_segment(adjustment, 'adjustment')}/{step}"
    return _post(path, {"reason": _text(reason, "reason"), "actor": actor}, _reader(models.Adjustment), key)


def create_token(company: Id, member: Id, ttl: int, origin: str | None) -> Call[models.MemberToken]:
    """POST /v1/member-tokens"""
    body = {
        "company": _id(company, "company"),
        "member": _id(member, "member"),
        "ttl_seconds": ttl,
        "origin": origin,
    }
    return _post("/v1/member-tokens", body, _reader(models.MemberToken), None)


def reverse_event(
    company: Id, message_id: str, reason: str | None, actor: str | None, key: str | None
) -> Call[models.Reversal]:
    """POST .../events/{messageId}/reversal"""
    path = f"{_company(company)}/events/{_segment(message_id, 'message_id')}/reversal"
    return _post(path, {"reason": reason, "actor": actor}, _reader(models.Reversal), key)


def list_rewards(company: Id, member: Id | None) -> Call[tuple[models.Reward, ...]]:
    """GET .../rewards"""

    def read(document: Any) -> tuple[models.Reward, ...]:
        rewards = document.get("data") if isinstance(document, dict) else None
        if not isinstance(rewards, list):
            raise InvalidResponse("the answer has no data")
        return tuple(models.decode(models.Reward, reward) for reward in rewards)

    whose = None if member is None else _id(member, "member")
    return _get(f"{_company(company)}/rewards", read, {"member": whose})


def upload_codes(
    company: Id, reward: str, codes: Iterable[str], actor: str | None
) -> Call[models.CodesUploaded]:
    """POST .../rewards/{reward}/codes"""
    path = f"{_company(company)}/rewards/{_segment(reward, 'reward')}/codes"
    body = {"codes": [_text(code, "code") for code in codes], "actor": actor}
    return _post(path, body, _reader(models.CodesUploaded), None)


def request_redemption(
    company: Id, member: Id, reward: str, reason: str | None, actor: str | None, key: str | None
) -> Call[models.Redemption]:
    """POST .../members/{member}/redemptions"""
    body = {"reward": _text(reward, "reward"), "reason": reason, "actor": actor}
    return _post(f"{_member(company, member)}/redemptions", body, _reader(models.Redemption), key)


def take_step(
    company: Id, redemption: str, step: str, reason: str, actor: str | None, key: str | None
) -> Call[models.Redemption]:
    """POST .../redemptions/{redemption}/{approve,fulfil,cancel}"""
    path = f"{_company(company)}/redemptions/{_segment(redemption, 'redemption')}/{step}"
    return _post(path, {"reason": _text(reason, "reason"), "actor": actor}, _reader(models.Redemption), key)


def get_redemption(company: Id, redemption: str) -> Call[models.Redemption]:
    """GET .../redemptions/{redemption}"""
    path = f"{_company(company)}/redemptions/{_segment(redemption, 'redemption')}"
    return _get(path, _reader(models.Redemption))


def list_redemptions(
    company: Id, member: Id | None, status: str | None, page_size: int
) -> Listing[models.Redemption]:
    """GET .../redemptions, GET .../members/{member}/redemptions"""
    path = _company(company) if member is None else _member(company, member)
    return Listing(f"{path}/redemptions", models.Redemption, _page_size(page_size), {"status": status})


def give(
    company: Id,
    member: Id,
    to: Id,
    currency: str,
    amount: int,
    message: str | None,
    actor: str | None,
    key: str | None,
) -> Call[models.Gift]:
    """POST .../members/{member}/gifts"""
    body = {
        "to": _id(to, "to"),
        "currency": _text(currency, "currency"),
        "amount": _whole(amount, "amount"),
        "message": message,
        "actor": actor,
    }
    return _post(f"{_member(company, member)}/gifts", body, _reader(models.Gift), key)


def invite(
    company: Id, member: Id, to: Id | None, channel: str | None, actor: str | None, key: str | None
) -> Call[models.Invitation]:
    """POST .../members/{member}/invitations"""
    body = {"to": None if to is None else _id(to, "to"), "channel": channel, "actor": actor}
    return _post(f"{_member(company, member)}/invitations", body, _reader(models.Invitation), key)


def list_invitations(company: Id, member: Id, page_size: int) -> Listing[models.Invitation]:
    """GET .../members/{member}/invitations"""
    return Listing(f"{_member(company, member)}/invitations", models.Invitation, _page_size(page_size))


def _invitation(company: Id, code: str) -> str:
    return f"{_company(company)}/invitations/{_segment(code, 'code')}"


def accept_invitation(company: Id, code: str, member: Id, actor: str | None) -> Call[models.Acceptance]:
    """POST .../invitations/{code}/acceptance"""
    body = {"member": _id(member, "member"), "actor": actor}
    return _post(f"{_invitation(company, code)}/acceptance", body, _reader(models.Acceptance), None)


def note_invitation(company: Id, code: str, step: str, visitor: str, channel: str | None) -> Call[bool]:
    """POST .../invitations/{code}/steps"""
    body = {"step": _text(step, "step"), "visitor": _text(visitor, "visitor"), "channel": channel}
    return _post(f"{_invitation(company, code)}/steps", body, _counted, None)


def _counted(document: Any) -> bool:
    counted = document.get("counted") if isinstance(document, dict) else None
    if not isinstance(counted, bool):
        raise InvalidResponse("the answer does not say what was counted")
    return counted


def get_funnel(company: Id, first_day: date | None, last_day: date | None) -> Call[models.InvitationFunnel]:
    """GET .../referral"""
    days = {"from": first_day, "to": last_day}
    query = {key: _day(day, key) for key, day in days.items() if day is not None}
    return _get(f"{_company(company)}/referral", _reader(models.InvitationFunnel), query)


def make_powered_by(company: Id) -> Call[models.PoweredBy]:
    """PUT .../powered-by"""
    return _put(f"{_company(company)}/powered-by", {}, _reader(models.PoweredBy))


def follow(code: str, channel: str) -> Call[bool]:
    """POST /v1/powered-by/{code}/follows"""
    path = f"/v1/powered-by/{_segment(code, 'code')}/follows"
    return _post(path, {"channel": _text(channel, "channel")}, _counted, None)


def recommend(company: Id, code: str, channel: str, actor: str | None) -> Call[models.Recommendation]:
    """PUT .../recommendation"""
    body = {"code": _text(code, "code"), "channel": _text(channel, "channel"), "actor": actor}
    return _put(f"{_company(company)}/recommendation", body, _reader(models.Recommendation))


def get_recommendation(company: Id) -> Call[models.Recommendation]:
    """GET .../recommendation"""
    return _get(f"{_company(company)}/recommendation", _reader(models.Recommendation))


def list_recommendations(by: Id | None, page_size: int) -> Listing[models.Recommendation]:
    """GET /v1/recommendations"""
    query = {"by": None if by is None else _id(by, "by")}
    return Listing("/v1/recommendations", models.Recommendation, _page_size(page_size), query)


def get_health(company: Id) -> Call[models.Health]:
    """GET .../health"""
    return _get(f"{_company(company)}/health", _reader(models.Health))


def get_health_history(company: Id) -> Call[tuple[models.HealthPoint, ...]]:
    """GET .../health/history"""

    def read(document: Any) -> tuple[models.HealthPoint, ...]:
        points = document.get("data") if isinstance(document, dict) else None
        if not isinstance(points, list):
            raise InvalidResponse("the answer has no data")
        return tuple(models.decode(models.HealthPoint, point) for point in points)

    return _get(f"{_company(company)}/health/history", read)


def get_report(company: Id, period: str) -> Call[models.Report]:
    """GET .../report?period="""
    name = _id(company, "company")

    def read(document: Any) -> models.Report:
        if not isinstance(document, dict):
            raise InvalidResponse("the report is not an object")
        return models.Report(name, period, document)

    return _get(f"{_company(company)}/report", read, {"period": _text(period, "period"), "format": "json"})


def list_portfolio() -> Call[models.Portfolio]:
    """GET /v1/portfolio"""
    return _get("/v1/portfolio", _reader(models.Portfolio))


def _reader(kind: type[T]) -> Callable[[Any], T]:
    return lambda document: models.decode(kind, document)


def _get(path: str, read: Callable[[Any], T], query: Mapping[str, Any] | None = None) -> Call[T]:
    given = {key: value for key, value in (query or {}).items() if value is not None}
    return Call(Request("GET", f"{path}?{urlencode(given)}" if given else path), read)


def _post(path: str, body: Mapping[str, Any], read: Callable[[Any], T], key: str | None) -> Call[T]:
    given = {name: value for name, value in body.items() if value is not None}
    headers = {"Content-Type": "application/json", **_with_key(key)}
    return Call(Request("POST", path, headers, _json(given)), read)


def _with_key(key: str | None) -> dict[str, str]:
    return {"Idempotency-Key": _header(key or str(uuid.uuid4()))}


def _put(path: str, body: Mapping[str, Any], read: Callable[[Any], T]) -> Call[T]:
    given = {name: value for name, value in body.items() if value is not None}
    return Call(Request("PUT", path, {"Content-Type": "application/json"}, _json(given)), read)


def _json(given: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(given, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except (TypeError, ValueError) as error:
        raise InvalidArgument(f"an argument has no form in JSON: {error}") from None


def _delete(path: str, read: Callable[[Any], T]) -> Call[T]:
    return Call(Request("DELETE", path), read)


def _id(value: object, what: str) -> str:
    try:
        return identifier(value, what)
    except MessageInvalid as error:
        raise InvalidArgument(str(error)) from None


def _segment(value: object, what: str) -> str:
    # Nothing is safe: an id with a slash would be another path, and one of two dots would climb.
    try:
        text = quote(_id(value, what), safe="")
    except UnicodeEncodeError:
        raise InvalidArgument(f"{what} is not Unicode text") from None
    return text.replace(".", "%2E") if text in {".", ".."} else text


def _company(company: object) -> str:
    return f"/v1/companies/{_segment(company, 'company')}"


def _member(company: object, member: object) -> str:
    return f"{_company(company)}/members/{_segment(member, 'member')}"


def _text(value: object, what: str) -> str:
    if isinstance(value, str) and value:
        return value
    raise InvalidArgument(f"{what} must be a non-empty string")


def _day(value: object, what: str) -> str:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    raise InvalidArgument(f"{what} must be a datetime.date, not {type(value).__name__}")


def _header(value: str) -> str:
    if value.isascii() and value.isprintable():
        return value
    raise InvalidArgument("idempotency_key must be printable ASCII")


def _whole(value: object, what: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value != 0:
        return value
    raise InvalidArgument(f"{what} must be a whole number other than 0")


def _page_size(value: object) -> int:
    if isinstance(value, int) and value > 0:
        return value
    raise InvalidArgument("page_size must be a positive integer")
