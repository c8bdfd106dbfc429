"""One call of the Segment tracking API, read and cleaned: what a client sent becomes what the log can hold.

Real clients send NaN, lone surrogates, NUL, 10**30, numbers as ids and clocks that are days off. None of it may cost
a neighbour in the same batch, so whatever can be cleaned is, and the rest is one refusal with its reason.
Source of the shapes: the Segment spec (segment.com/docs/connections/spec) and its SDKs, as captured.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, Final
from zlib import crc32

import msgspec
from msgspec import Struct

from engage.core.calendar import from_datetime, utc_day
from engage.core.event import Kind

ID_CHARS_MAX: Final = 255
ID_INTEGER_MAX: Final = 2**64 - 1
MESSAGE_ID_CHARS_MAX: Final = 1024
NAME_CHARS_MAX: Final = 255
STRING_CHARS_MAX: Final = 8192
CALL_BYTES_MAX: Final = 32 * 1024
"""What Segment's own SDKs refuse to send; counted after cleaning, in the encoding that is stored."""
DEPTH_MAX: Final = 16
SHOWN_CHARS: Final = 80
SHOWN_NAMES: Final = 20
"""How much of a call that cannot be read is shown."""
INTEGER_MAX: Final = 2**53 - 1
MILLISECONDS_MAX: Final = 253_402_300_799_999
"""The end of the year 9999."""
ANONYMOUS: Final = "anonymous:"
MEMBER: Final = "member:"
HASH_BYTES: Final = 16

KINDS: Final = {
    "track": Kind.TRACK,
    "page": Kind.PAGE,
    "screen": Kind.SCREEN,
    "identify": Kind.IDENTIFY,
    "group": Kind.GROUP,
    "alias": Kind.ALIAS,
}


class Call(Struct, omit_defaults=True, gc=False):
    """A readable call. Empty strings stand for what was not sent."""

    kind: int
    message_id: str
    member: str
    anonymous: str
    company: str
    name: str
    data: dict[str, Any]
    """Properties of a track, page or screen; traits of an identify or group."""
    at: int
    received_at: int
    original_at: int | None = None
    previous_id: str = ""
    trusted: bool = True
    """Sent with a server key (or imported): may create companies and earn."""
    warnings: list[str] = []
    digest: int | None = None
    """Of the call as it was sent, when `data` is no longer all of it."""


class Refusal(Struct, frozen=True, gc=False):
    """Why a call cannot be accepted. Final unless `retry`: then the same call may succeed later."""

    code: str
    message: str
    message_id: str = ""
    company: str = ""
    retry: bool = False
    said: dict[str, Any] = {}
    """Enough of the call to find it again: its short fields and the names of its properties, never their values."""


class Refused(Exception):
    """Carries a Refusal out of the reading of one call."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


_size = msgspec.msgpack.Encoder().encode


def message_key(call: Call) -> tuple[int, bytes]:
    """What a message is known by within its company: the UTC day it was stamped with, and a hash of its id.

    The day comes from the client's own timestamp, uncorrected, so a retry has the same; 0 without one.
    """
    day = 0 if call.original_at is None else utc_day(call.original_at)
    return day, message_hash(call.message_id)


def message_hash(message_id: str) -> bytes:
    return blake2b(message_id.encode(), digest_size=HASH_BYTES).digest()


def digest(call: Call) -> int:
    """32 bits of what the call says, to notice another body under the same id. A checksum: nothing rests on it."""
    if call.digest is not None:
        return call.digest
    return crc32(_size((call.kind, call.member, call.anonymous, call.name, call.data, call.original_at)))


def read_call(
    raw: Any,
    *,
    verb: str | None,
    received_at: int,
    sent_at: int | None,
    trusted: bool,
    new_id: Callable[[], str],
) -> Call | Refusal:
    """Read one call. `verb` is None in a batch, where each call names its own `type`. Never raises."""
    if not isinstance(raw, dict):
        return Refusal("invalid_type", f"a call must be an object, not {_kind_of(raw)}")
    message_id, company = "", ""
    try:
        message_id = _id(raw, "messageId", MESSAGE_ID_CHARS_MAX) or new_id()
        company = _company(raw)
        return _read(raw, verb, message_id, company, received_at, sent_at, trusted)
    except Refused as refused:
        return Refusal(refused.code, refused.message, message_id, company, said=_outline(raw))


def _outline(raw: dict[str, Any]) -> dict[str, Any]:
    """A call that cannot be read, without what may be personal: which properties are, only the program knows."""
    fields = ("type", "event", "name", "messageId", "userId", "anonymousId", "groupId", "timestamp")
    outline = {
        field: clean_text(value)[:SHOWN_CHARS] if isinstance(value, str) else _shown(value)
        for field in fields
        if (value := raw.get(field)) is not None
    }
    for field in ("properties", "traits"):
        if isinstance(raw.get(field), dict) and raw[field]:
            names = sorted(clean_text(str(name))[:SHOWN_CHARS] for name in raw[field])
            outline[field] = ", ".join(names[:SHOWN_NAMES])
    return outline


def _read(
    raw: dict[str, Any],
    verb: str | None,
    message_id: str,
    company: str,
    received_at: int,
    sent_at: int | None,
    trusted: bool,
) -> Call:
    kind = _call_kind(verb or raw.get("type"))
    member, anonymous = _id(raw, "userId"), _id(raw, "anonymousId")
    if not member and not anonymous:
        raise Refused("missing_user", "userId or anonymousId is required")
    warnings: list[str] = []
    original_at = _timestamp(raw, warnings)
    own_sent_at = parse_time(raw["sentAt"]) if "sentAt" in raw else None
    at = corrected(original_at, own_sent_at if own_sent_at is not None else sent_at, received_at)
    call = Call(
        kind=kind,
        message_id=message_id,
        member=member,
        anonymous=anonymous,
        company=company,
        name=_name(raw, kind),
        data=_data(raw, kind, warnings),
        at=at,
        received_at=received_at,
        original_at=original_at,
        previous_id=_id(raw, "previousId"),
        trusted=trusted,
        warnings=warnings,
    )
    if kind == Kind.GROUP and not call.company:
        raise Refused("missing_company", "a group call needs a groupId")
    if len(_size(call.data)) > CALL_BYTES_MAX:
        raise Refused("too_large", f"the call is larger than {CALL_BYTES_MAX} bytes")
    return call


def _call_kind(verb: Any) -> int:
    kind = KINDS.get(verb) if isinstance(verb, str) else None
    if kind is None:
        raise Refused("invalid_type", f"type must be one of {', '.join(KINDS)}, not {_shown(verb)}")
    return kind


def _id(raw: dict[str, Any], field: str, longest: int = ID_CHARS_MAX) -> str:
    """An id as text. Whole numbers are accepted: several SDKs send the host's integer keys as they are, and JSON
    keeps them exact, beyond 2**53 too."""
    value = raw.get(field)
    if value is None:
        return ""
    if isinstance(value, str) and len(value) <= longest and is_clean_text(value):
        return value.strip()
    if isinstance(value, int) and not isinstance(value, bool):
        if not -ID_INTEGER_MAX <= value <= ID_INTEGER_MAX:
            raise Refused("invalid_id", f"{field} must be a string, or a whole number of at most 64 bits")
        value = str(value)
    if not isinstance(value, str):
        raise Refused("invalid_id", f"{field} must be a string, not {_kind_of(value)}")
    text = clean_text(value).strip()
    if len(text) > longest:
        raise Refused("invalid_id", f"{field} has {len(text)} characters; at most {longest}")
    return text


def _company(raw: dict[str, Any]) -> str:
    context = raw.get("context")
    return (_id(context, "groupId") if isinstance(context, dict) else "") or _id(raw, "groupId")


def _name(raw: dict[str, Any], kind: int) -> str:
    if kind == Kind.TRACK:
        name = raw.get("event")
        text = clean_text(name).strip() if isinstance(name, str) else ""
        if not text:
            raise Refused("missing_event", "a track call needs the name of its event")
    elif kind in (Kind.PAGE, Kind.SCREEN):
        name = raw.get("name") or raw.get("category")
        text = clean_text(name).strip() if isinstance(name, str) else ""
    else:
        return ""
    if len(text) > NAME_CHARS_MAX:
        raise Refused("invalid_event", f"the name has {len(text)} characters; at most {NAME_CHARS_MAX}")
    return text


def _data(raw: dict[str, Any], kind: int, warnings: list[str]) -> dict[str, Any]:
    field = "traits" if kind in (Kind.IDENTIFY, Kind.GROUP) else "properties"
    value = raw.get(field)
    if value is None:
        return {}
    if not isinstance(value, dict):
        warnings.append(f"{field} must be an object, not {_kind_of(value)}; taken as empty")
        return {}
    return value if is_clean(value) else dict(clean(value))


def _timestamp(raw: dict[str, Any], warnings: list[str]) -> int | None:
    value = raw.get("timestamp")
    if value is None:
        value = raw.get("originalTimestamp")
    if value is None:
        return None
    at = parse_time(value)
    if at is None:
        warnings.append(f"timestamp {_shown(value)} is not a time; the time of arrival was taken")
    return at


def parse_time(value: Any) -> int | None:
    """Microseconds UTC of an ISO 8601 text or of milliseconds since 1970; None unless within 1970 to 9999."""
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
            at = from_datetime(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
            return at if 0 <= at <= MILLISECONDS_MAX * 1000 else None
        except (ValueError, OverflowError):
            return None
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= MILLISECONDS_MAX:
        return int(value * 1000)
    return None


def corrected(original_at: int | None, sent_at: int | None, received_at: int) -> int:
    """The time by our clock: received - (sent - original), as Segment does, never in the future."""
    if original_at is None:
        return received_at
    if sent_at is None:
        return min(original_at, received_at)
    return max(0, min(received_at - (sent_at - original_at), received_at))


def clean(value: Any, depth: int = 0) -> Any:
    """What JSON, msgpack and every database can hold: no NUL, lone surrogate, NaN or integer beyond 2**53 - 1."""
    kind = value.__class__
    if kind is str:
        return clean_text(value)
    if kind is int:
        return value if -INTEGER_MAX <= value <= INTEGER_MAX else None
    if kind is float:
        return value if value - value == 0 else None  # NaN and the infinities are not 0 from themselves
    if kind is dict:
        if depth >= DEPTH_MAX:
            raise Refused("too_deep", f"properties are nested deeper than {DEPTH_MAX} levels")
        return {clean_text(str(key)): clean(item, depth + 1) for key, item in value.items()}
    if kind is list:
        if depth >= DEPTH_MAX:
            raise Refused("too_deep", f"properties are nested deeper than {DEPTH_MAX} levels")
        return [clean(item, depth + 1) for item in value]
    return value


def is_clean(value: dict[str, Any]) -> bool:
    """Whether `clean` would leave it as it is: true of nearly all there is, and much cheaper to find out. False for
    what is nested, which is rare."""
    for key, item in value.items():
        kind = item.__class__
        if kind is str:
            if not is_clean_text(item):
                return False
        elif kind is int:
            if not -INTEGER_MAX <= item <= INTEGER_MAX:
                return False
        elif kind is float:
            if item - item != 0:
                return False
        elif kind is dict or kind is list:
            return False
        if not is_clean_text(key):
            return False
    return True


def is_clean_text(text: str) -> bool:
    return text.isascii() and "\0" not in text and len(text) <= STRING_CHARS_MAX


def clean_text(text: str) -> str:
    if text.isascii():
        return (text if "\0" not in text else text.replace("\0", ""))[:STRING_CHARS_MAX]
    return text.replace("\0", "").encode("utf-8", "ignore").decode()[:STRING_CHARS_MAX]


def _kind_of(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")


def _shown(value: Any) -> str:
    short = isinstance(value, str | float | bool) or (isinstance(value, int) and abs(value) <= INTEGER_MAX)
    text = repr(value) if short else _kind_of(value)  # Python refuses to write very long integers
    return clean_text(text)[:SHOWN_CHARS]
