"""What is wrong with a currency's expiry, with what an award waits for, and with a notice, at its place."""

from __future__ import annotations

from typing import Any

import pytest

from engage.core.check import check
from engage.core.diff import diff_programs
from engage.core.program import Program

ORDER = {
    "order_id": {"type": "string"},
    "value": {"type": "number"},
    "mail": {"type": "string", "personal": True},
}
DOCUMENT: dict[str, Any] = {
    "name": "P",
    "currencies": {"points": {}},
    "events": {
        "Sent": {"properties": ORDER},
        "Paid": {"properties": {**ORDER, "value": {"type": "integer"}}},
        "Void": {"properties": {"order_id": {"type": "integer"}}},
    },
}


def found(**changes: Any) -> list[tuple[str, str]]:
    program, problems = check(DOCUMENT | changes)
    assert (program is None) == bool(problems)
    return [(problem.pointer, problem.message) for problem in problems]


@pytest.mark.parametrize(
    "expires, place, message",
    [
        ("soon", "", "must be a mapping"),
        ({}, "", "must be 'never', or say 'after', 'round', 'on' or 'idle'"),
        ({"afer": {"days": 1}}, "/afer", "unknown key 'afer'; did you mean 'after'?"),
        ({"months": 12}, "/months", "unknown key 'months'; say of what: 'after: {months: 12}' counts from"),
        ({"after": 30}, "/after", "must be {days: 90}, {months: 12} or {years: 1}"),
        ({"after": {"weeks": 2}}, "/after", "must be one of days, months, years, not 'weeks'"),
        ({"after": {"days": 0}}, "/after/days", "must be from 1 to 36500, not 0"),
        ({"idle": {"days": 5}, "round": "month"}, "/idle", "'idle' stands alone"),
        ({"round": "week"}, "/round", "must be one of month, quarter, year, not 'week'"),
        ({"round": "month", "on": ["12-31"]}, "/on", "either 'round' or 'on' says"),
        ({"on": []}, "/on", "needs at least 1 entry, has 0"),
        ({"on": ["12-31", "13-01"]}, "/on/1", "must be a month and day, as in 12-24; there is no '13-01'"),
        ({"on": ["12-31", "1/1"]}, "/on/1", "did you mean '01-01'?"),
        ({"on": ["W01-1"]}, "/on/0", "must be a month and day, as in 12-24"),
        ({"on": ["12-31", "12-31"]}, "/on/1", "'12-31' is there twice"),
    ],
)
def test_a_mistaken_expiry_is_named_at_its_place(expires: object, place: str, message: str) -> None:
    ((pointer, text),) = found(currencies={"points": {"expires": expires}})
    assert pointer == f"/currencies/points/expires{place}"
    assert message in text


@pytest.mark.parametrize(
    "pending, place, message",
    [
        ({}, "", "needs one of days, until, until_event, and not two of them"),
        ({"days": 3, "until": "2026-12-31"}, "", "needs one of days, until, until_event"),
        ({"days": 0}, "/days", "must be from 1 to 3650, not 0"),
        ({"until": "2026-13-01"}, "/until", "must be a date, as in 2026-12-24; there is no '2026-13-01'"),
        ({"until": "2026-W01-1"}, "/until", "must be a date, as in 2026-12-24"),
        ({"until": "2026/3/1"}, "/until", "did you mean '2026-03-01'?"),
        ({"until": "2026-03-01T09:00:00Z"}, "/until", "did you mean '2026-03-01'?"),
        ({"until": "01.03.2026"}, "/until", "must be a date, as in 2026-12-24"),
        ({"until_event": "Payd"}, "/until_event", "unknown event 'Payd'; did you mean 'Paid'?"),
        ({"days": 3, "within": {"days": 9}}, "/within", "'within' goes with 'until_event'"),
        ({"until_event": "Paid", "within": {"days": -1}}, "/within/days", "must be from 1 to 3650"),
        ({"until_event": "Paid", "voided_by": "Paid"}, "/voided_by", "cannot void it too"),
        ({"days": 3, "match": "order_id"}, "/match", "'match' goes with 'until_event' or 'voided_by'"),
        ({"until_event": "Paid", "match": "order"}, "/match", "declares no property 'order'"),
        ({"until_event": "Paid", "match": "mail"}, "/match", "is personal: it is never kept"),
        (
            {"until_event": "Paid", "match": "value"},
            "/match",
            "text or a whole number, not by integer, number",
        ),
        ({"days": 3, "voided_by": "Void", "match": "order_id"}, "/match", "must be of one type in all"),
    ],
)
def test_a_mistaken_wait_is_named_at_its_place(pending: object, place: str, message: str) -> None:
    award = {"amount": 1, "pending": pending}
    problems = found(rules=[{"id": "r", "trigger": "Sent", "effects": [{"award": award}]}])
    assert {pointer for pointer, _ in problems} == {f"/rules/0/effects/0/award/pending{place}"}
    assert message in problems[0][1]


def test_an_occasion_has_nothing_to_match() -> None:
    award = {"amount": 1, "pending": {"until_event": "Paid", "match": "order_id"}}
    ((pointer, text),) = found(
        rules=[{"id": "r", "trigger": {"clock": "daily"}, "effects": [{"award": award}]}]
    )
    assert pointer == "/rules/0/effects/0/award/pending/match"
    assert "only an event has properties to match" in text


@pytest.mark.parametrize(
    "expiring, place, message",
    [
        ({"days": 14, "currency": "point"}, "/currency", "unknown currency 'point'; did you mean 'points'?"),
        ({"days": 366}, "/days", "must be from 1 to 365, not 366"),
        ({"currency": "points"}, "", "missing key 'days'"),
        ("points", "", "must be a mapping"),
    ],
)
def test_a_mistaken_notice_is_named_at_its_place(expiring: object, place: str, message: str) -> None:
    rule = {"id": "r", "trigger": {"expiring": expiring}, "effects": [{"award": 1}]}
    ((pointer, text),) = found(rules=[rule])
    assert pointer == f"/rules/0/trigger/expiring{place}"
    assert message in text


def made(expires: object, pending: object, days: int) -> Program:
    award = {"amount": 1, "pending": pending} if pending else 1
    rules = [
        {"id": "r", "trigger": "Sent", "effects": [{"award": award}]},
        {"id": "last", "trigger": {"expiring": {"days": days}}, "effects": [{"award": 1}]},
    ]
    program, problems = check(DOCUMENT | {"currencies": {"points": {"expires": expires}}, "rules": rules})
    assert program is not None, problems
    return program


def test_a_diff_says_what_happens_to_points() -> None:
    old = made("never", None, 14)
    new = made(
        {"after": {"months": 12}, "round": "quarter"},
        {"until_event": "Paid", "voided_by": "Void", "within": {"days": 60}},
        1,
    )
    assert [change.text for change in diff_programs(old, new)] == [
        "currency points: expires added: at the end of the quarter 12 months after",
        (
            "rule r: effects changed from award 1 points to award 1 points, pending until Paid within 60 days, "
            "voided by Void"
        ),
        "rule last: trigger changed from points expiring in 14 days to points expiring in 1 day",
    ]


@pytest.mark.parametrize(
    "expires, words",
    [
        ({"after": {"days": 1}}, "1 day after"),
        ({"round": "year"}, "at the end of the year"),
        ({"on": ["12-31", "06-30"]}, "at the end of the next 06-30 or 12-31"),
        ({"on": ["12-31"], "after": {"days": 90}}, "at the end of 12-31, at least 90 days after"),
        ({"idle": {"days": 60}}, "60 days after the last activity"),
    ],
)
def test_a_policy_is_told_in_words(expires: object, words: str) -> None:
    (change,) = diff_programs(made("never", None, 1), made(expires, None, 1))
    assert change.new == words
