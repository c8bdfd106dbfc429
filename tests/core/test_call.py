"""Reading calls: whatever a client sends becomes a call that can be stored, or one refusal; never an exception."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engage.core.calendar import DAY, HOUR, from_datetime, to_rfc3339, utc_day
from engage.core.call import (
    CALL_BYTES_MAX,
    DEPTH_MAX,
    ID_CHARS_MAX,
    INTEGER_MAX,
    KINDS,
    NAME_CHARS_MAX,
    Call,
    Refusal,
    clean,
    corrected,
    digest,
    is_clean,
    message_key,
    parse_time,
    read_call,
)

NOW = from_datetime(datetime(2026, 11, 22, 12, tzinfo=UTC))
CHARACTERS = st.characters(categories=["L", "N", "P", "Cc", "Cs", "So"])
"""Lone surrogates and control characters among them."""
TEXT = st.text(CHARACTERS, max_size=20) | st.sampled_from(
    ["", " ", "\0", "\ud800", "a\0b", "é" * 300, "x" * 9000, "2026-11-22T09:30:00.000Z", "0001-01-01", "٣"]
)
NUMBERS = (
    st.integers()
    | st.floats()
    | st.sampled_from([2**53 - 1, 2**53, -(2**53), 2**63, 2**64, 10**30, -(10**400), 10**4000, 1e308, -0.0])
)
SCALARS = st.none() | st.booleans() | NUMBERS | TEXT
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
FIELDS = (
    *("type", "messageId", "userId", "anonymousId", "groupId", "previousId", "event", "name", "category"),
    *("properties", "traits", "context", "timestamp", "originalTimestamp", "sentAt"),
)
LIKELY = {
    "type": st.sampled_from(sorted(KINDS)),
    "userId": st.sampled_from(["ann", 42, " bob "]),
    "event": st.just("Report Exported"),
    "context": st.dictionaries(st.just("groupId"), VALUES | st.just("acme")),
}


@st.composite
def raw_calls(draw: st.DrawFn) -> dict[str, Any]:
    """An object with the fields of a call, mostly of the wrong kind."""
    raw: dict[str, Any] = {}
    for field in FIELDS:
        if draw(st.booleans()):
            raw[field] = draw(LIKELY[field] if field in LIKELY and draw(st.booleans()) else VALUES)
    return raw


def nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(depth - 1):
        value = {"in": value}
    return value


def track(**fields: Any) -> Any:
    raw = {"type": "track", "userId": "ann", "event": "Export", "messageId": "m", **fields}
    return read_call(raw, verb=None, received_at=NOW, sent_at=None, trusted=True, new_id=lambda: "new")


def read(raw: Any, verb: str | None = None) -> Call | Refusal:
    return read_call(raw, verb=verb, received_at=NOW, sent_at=None, trusted=True, new_id=lambda: "new")


def assert_storable(text: str, longest: int) -> None:
    assert "\0" not in text
    assert len(text) <= longest
    text.encode()


@settings(max_examples=125)
@given(raw=raw_calls() | VALUES, verb=st.none() | st.sampled_from(["", *KINDS]))
def test_whatever_is_sent_is_a_storable_call_or_a_refusal(raw: Any, verb: str | None) -> None:
    result = read(raw, verb)
    for encode in (msgspec.msgpack.encode, msgspec.json.encode):
        encode(result)
    if isinstance(result, Refusal):
        assert result.code
        assert_storable(result.message, 300)
        return
    for text in (result.member, result.anonymous, result.company, result.previous_id):
        assert_storable(text, ID_CHARS_MAX)
    assert_storable(result.name, NAME_CHARS_MAX)
    assert result.message_id
    assert result.member or result.anonymous
    assert 0 <= result.at <= result.received_at == NOW
    assert len(msgspec.msgpack.encode(result.data)) <= CALL_BYTES_MAX
    assert all(len(warning) < 300 for warning in result.warnings)
    json.loads(json.dumps(result.data, allow_nan=False))
    if result.original_at is not None:
        to_rfc3339(result.original_at)


@settings(max_examples=50)
@given(raw=raw_calls())
def test_a_call_is_the_same_after_it_was_kept_and_when_it_is_sent_again(raw: Any) -> None:
    call, again = read(raw), read(raw)
    assert call == again
    if isinstance(call, Call):
        kept = msgspec.msgpack.decode(msgspec.msgpack.encode(call), type=Call)
        assert kept == call
        assert message_key(kept) == message_key(call)
        assert 0 <= digest(kept) == digest(call) < 2**32


@given(value=st.dictionaries(TEXT, VALUES, max_size=4))
def test_what_counts_as_clean_is_what_cleaning_leaves_alone(value: dict[str, Any]) -> None:
    if is_clean(value):
        assert repr(clean(value)) == repr(value)
    else:
        nested = any(isinstance(item, dict | list) for item in value.values())
        foreign = not all(text.isascii() for text in [*value, *value.values()] if isinstance(text, str))
        assert nested or foreign or repr(clean(value)) != repr(value)


@given(value=VALUES)
def test_cleaning_twice_changes_nothing(value: Any) -> None:
    cleaned = clean(value)
    assert clean(cleaned) == cleaned
    assert msgspec.json.decode(msgspec.json.encode(cleaned)) == cleaned
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(cleaned)) == cleaned


@pytest.mark.parametrize(
    "field", ["type", "messageId", "userId", "event", "timestamp", "sentAt", "properties"]
)
def test_an_integer_too_long_to_be_written_is_told_of_in_words(field: str) -> None:
    result = track(**{field: 10**5000})
    assert isinstance(result, Call) == (field in ("timestamp", "sentAt", "properties"))


def test_a_neighbour_of_a_poison_value_survives() -> None:
    call = track(
        properties={"a": float("nan"), "b": 10**30, "c": "\ud800x\0", "d": [float("inf"), 2], "e": 1}
    )
    assert call.data == {"a": None, "b": None, "c": "x", "d": [None, 2], "e": 1}


@pytest.mark.parametrize("depth, fits", [(DEPTH_MAX, True), (DEPTH_MAX + 1, False), (400, False)])
def test_properties_may_be_nested_only_so_deep(depth: int, fits: bool) -> None:
    result = track(properties=nested(depth))
    assert isinstance(result, Call) == fits
    assert fits or result.code == "too_deep"
    lists: list[Any] = []
    for _ in range(depth - 2):
        lists = [lists]
    assert isinstance(track(properties={"in": lists}), Call) == fits


@pytest.mark.parametrize("number", [0, 7, INTEGER_MAX, 2**63 - 1, 175_928_847_299_117_063, 2**64 - 1])
def test_a_whole_number_is_an_id_to_its_last_digit(number: int) -> None:
    """Snowflake ids are beyond 2**53, and exact in the JSON that servers send."""
    call = track(userId=number, groupId=number, messageId=number)
    assert (call.member, call.company, call.message_id) == (str(number),) * 3


@pytest.mark.parametrize("value", [10**30, 2**64, -(2**64), 1.0, True, [], {}])
@pytest.mark.parametrize("field", ["userId", "anonymousId", "messageId", "groupId", "previousId"])
def test_what_can_be_no_id_is_refused_and_never_taken_as_missing(field: str, value: Any) -> None:
    result = track(**{field: value})
    assert isinstance(result, Refusal)
    assert result.code == "invalid_id"
    assert field in result.message


MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001


@given(moment=MOMENTS, minutes=st.integers(-14 * 60, 14 * 60))
def test_one_moment_is_the_same_time_in_every_spelling(moment: datetime, minutes: int) -> None:
    moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    at = from_datetime(moment)
    elsewhere = moment.astimezone(timezone(timedelta(minutes=minutes)))
    assert parse_time(moment.isoformat()) == at
    assert parse_time(moment.isoformat().replace("+00:00", "Z")) == at
    assert parse_time(moment.replace(tzinfo=None).isoformat()) == at
    assert parse_time(elsewhere.isoformat()) == at
    assert parse_time(at // 1000) == at


@given(value=VALUES)
@example(value="9999-12-31T23:59:59-23:59")
@example(value="0001-01-01T00:00:00+23:59")
@example(value=253_402_300_799_999.9)
def test_a_time_can_be_shown_or_is_none(value: Any) -> None:
    at = parse_time(value)
    assert at is None or datetime.fromisoformat(to_rfc3339(at)).year <= 9999


@pytest.mark.parametrize(
    "value", [-1, "1969-12-31T23:59:59Z", True, float("nan"), "now", "", "12/03/2026", None]
)
def test_what_is_no_time_is_none(value: Any) -> None:
    assert parse_time(value) is None


TIMES = st.integers(0, NOW * 2)


@given(original=TIMES, sent=TIMES, received=TIMES, skew=st.integers(0, 400 * DAY))
def test_a_wrong_clock_changes_nothing_when_the_time_of_sending_is_known(
    original: int, sent: int, received: int, skew: int
) -> None:
    at = corrected(original, sent, received)
    assert 0 <= at <= received
    assert corrected(original + skew, sent + skew, received) == at
    assert corrected(original, received, received) == min(original, received)
    if original <= sent and sent - original <= received:
        assert received - at == sent - original


@given(original=st.none() | TIMES, received=TIMES)
def test_without_a_time_of_sending_the_future_is_now(original: int | None, received: int) -> None:
    at = corrected(original, None, received)
    assert at == (received if original is None else min(original, received))


def test_the_message_is_known_by_its_own_uncorrected_day() -> None:
    stamped = from_datetime(datetime(2026, 11, 20, 23, 59, tzinfo=UTC))
    first = track(timestamp=to_rfc3339(stamped), sentAt=to_rfc3339(stamped))
    retry = track(timestamp=to_rfc3339(stamped), sentAt=to_rfc3339(stamped + 13 * HOUR))
    assert utc_day(first.at) != utc_day(retry.at)
    assert message_key(first) == message_key(retry)
    assert message_key(first)[0] == utc_day(stamped)
    assert message_key(track())[0] == 0
    assert digest(first) == digest(retry)
