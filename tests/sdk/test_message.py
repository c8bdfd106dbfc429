"""What a host passes becomes JSON or is reported: hostile values, ids, times, before_send."""

from __future__ import annotations

import enum
import json
import re
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from engage_sdk import MessageInvalid, ValueNotSent, _limits
from engage_sdk._message import Draft, Message, new_id, render
from hypothesis import given
from hypothesis import strategies as st


class Colour(enum.Enum):
    RED = "red"


def draft(properties: Any, at: object = 0) -> Draft:
    return Draft("track", "m-1", at, "emp-1", "acme", {"event": "Opened", "properties": properties})


def sent(properties: Any) -> tuple[Any, list[str]]:
    encoded, left_out = render(draft(properties), None)
    assert encoded is not None
    return json.loads(encoded.data)["properties"], [str(problem) for problem in left_out]


CONVERTED = [
    (datetime(2026, 3, 1, 12, 30, tzinfo=timezone(timedelta(hours=2))), "2026-03-01T10:30:00.000000Z"),
    (datetime(2026, 3, 1, 12, 30), "2026-03-01T12:30:00.000000Z"),  # noqa: DTZ001 - hosts pass naive times
    (date(2026, 3, 1), "2026-03-01"),
    (timedelta(minutes=2), 120.0),
    (Decimal("12.50"), 12.5),
    (Decimal("3"), 3),
    (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    (Colour.RED, "red"),
    ({3, 1, 2}, [1, 2, 3]),
    ((1, 2), [1, 2]),
    (10**30, 10**30),
    ("half \ud800 pair", "half ? pair"),
    ({uuid.UUID(int=1): 1, None: 2, True: 3, 4: 5}, {str(uuid.UUID(int=1)): 1, "null": 2, "true": 3, "4": 5}),
]


@pytest.mark.parametrize("value,expected", CONVERTED, ids=lambda value: type(value).__name__)
def test_common_values_are_converted_without_a_report(value: object, expected: object) -> None:
    assert sent({"value": value, "next": 1}) == ({"value": expected, "next": 1}, [])


LEFT_OUT = [
    (float("nan"), "nan is not a number in JSON"),
    (float("-inf"), "-inf is not a number in JSON"),
    (Decimal("Infinity"), "Infinity is not a number in JSON"),
    (object(), "object has no form in JSON"),
    (b"bytes", "bytes has no form in JSON"),
    (10**5000, "the integer is too large"),
]


@pytest.mark.parametrize("value,reason", LEFT_OUT, ids=lambda value: type(value).__name__)
def test_a_value_without_a_form_is_left_out_and_reported_and_the_rest_is_sent(
    value: object, reason: str
) -> None:
    assert sent({"value": value, "next": 1}) == ({"next": 1}, [f"/properties/value: {reason}"])


def test_a_value_left_out_of_a_list_keeps_the_others_places() -> None:
    assert sent({"list": [1, float("nan"), 3]})[0] == {"list": [1, None, 3]}


def test_a_value_that_contains_itself_is_cut_where_it_does() -> None:
    knot: dict[str, Any] = {"a": 1}
    knot["self"] = knot
    assert sent(knot) == ({"a": 1}, ["/properties/self: contains itself"])


@pytest.mark.parametrize("depth", [_limits.VALUE_DEPTH_MAX, 200, 5_000])
def test_nesting_is_bounded(depth: int) -> None:
    deep: list[Any] = []
    for _ in range(depth):
        deep = [deep]
    properties, left_out = sent({"deep": deep, "next": 1})
    assert properties["next"] == 1
    (problem,) = left_out
    assert problem.endswith(f"nested deeper than {_limits.VALUE_DEPTH_MAX}")


def test_many_values_side_by_side_are_no_nesting() -> None:
    rows = [{"n": n, "tags": [n]} for n in range(200)]
    assert sent({"rows": rows}) == ({"rows": rows}, [])


class Evil(Mapping[str, Any]):
    def __getitem__(self, key: str) -> Any:
        raise RuntimeError("no")

    def __iter__(self) -> Iterator[str]:
        return iter(["a"])

    def __len__(self) -> int:
        return 1


class EvilText(Exception):
    def __str__(self) -> str:
        raise RuntimeError("not even that")


class VeryEvil(Evil):
    def __iter__(self) -> Iterator[str]:
        raise EvilText


@pytest.mark.parametrize("value", [Evil(), VeryEvil()])
def test_a_value_that_fails_when_it_is_read_refuses_its_message(value: object) -> None:
    with pytest.raises(MessageInvalid, match="could not be read"):
        render(draft({"value": value}), None)


def test_a_message_above_the_bound_is_refused() -> None:
    with pytest.raises(MessageInvalid, match="bytes, more than"):
        render(draft({"text": "x" * _limits.MESSAGE_BYTES_MAX}), None)


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(st.characters(codec=None))
        | st.decimals()
        | st.dates()
        | st.datetimes()
        | st.uuids()
        | st.binary(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.text() | st.integers() | st.none(), inner) | st.tuples(inner)
        ),
    )
)
def test_whatever_is_passed_the_bytes_are_strict_json_in_utf8(value: Any) -> None:
    encoded, left_out = render(draft({"value": value}), None)
    assert encoded is not None
    assert all(isinstance(problem, ValueNotSent) for problem in left_out)

    def no_constant(text: str) -> None:
        raise AssertionError(text)

    json.loads(encoded.data.decode("utf-8"), parse_constant=no_constant)


def test_the_time_of_the_call_is_sent_in_utc_with_microseconds() -> None:
    encoded, _ = render(draft({}, at=1_790_000_000_123_456_789), None)
    assert encoded is not None
    assert encoded.message["timestamp"] == "2026-09-21T14:13:20.123456Z"


@pytest.mark.parametrize(
    "at,expected",
    [
        (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00.000000Z"),
        ("2026-01-02T03:04:05+02:00", "2026-01-02T03:04:05+02:00"),
    ],
)
def test_a_hosts_own_time_is_sent(at: object, expected: str) -> None:
    encoded, _ = render(draft({}, at=at), None)
    assert encoded is not None
    assert encoded.message["timestamp"] == expected


@pytest.mark.parametrize("at", [12.5, True, "", object()])
def test_a_time_that_is_none_refuses_the_message_rather_than_guess(at: object) -> None:
    with pytest.raises(MessageInvalid, match="timestamp"):
        render(draft({}, at=at), None)


def test_before_send_may_change_a_message_but_not_its_id() -> None:
    def scrub(message: Message) -> Message:
        return {**message, "messageId": "another", "properties": {}}

    encoded, _ = render(draft({"secret": 1}), scrub)
    assert encoded is not None
    assert (encoded.message["properties"], encoded.message["messageId"]) == ({}, "m-1")


def test_before_send_may_keep_a_message_back() -> None:
    assert render(draft({}), lambda message: None) == (None, [])


def test_a_failing_before_send_keeps_the_message_back_because_it_may_not_be_clean() -> None:
    def scrub(message: Message) -> Message:
        raise KeyError("email")

    with pytest.raises(MessageInvalid, match="before_send failed"):
        render(draft({"email": "a@example.com"}), scrub)


def test_ids_have_the_form_of_a_uuid_and_do_not_repeat() -> None:
    ids = {new_id() for _ in range(20_000)}
    assert len(ids) == 20_000
    assert all(
        re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", one)
        for one in ids
    )
    assert all(uuid.UUID(one).version == 4 for one in list(ids)[:50])
