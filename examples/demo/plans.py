"""What Fieldnote's own customer success has said: the worth of its customers, its goals with some, what it did.

Owns facts only, as the HTTP interface and `engage book` take them. Days follow the last day of the recorded activity,
so that some goals are reached, some are behind, and what was done lies long enough ago to be judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from examples.demo.companies import COMPANIES, find_company

FIRST_MONTHS = {
    "id": "first-months",
    "name": "First months",
    "days": {"below": 90},
    "weights": {"activity": 0.25, "features": 0.25, "seats": 0.40, "tenure": 0.10},
    "bounds": {"seats": {"from": 0, "to": 50}},
}
"""Fieldnote asks of a new customer whether people come at all and try what there is; half of the seats are enough."""
SPENT_A_MONTH = (14_500, 13_200, 15_800, 16_100)


class Said(NamedTuple):
    """One request. `body` names the actor, as every write does."""

    method: str
    path: str
    body: Mapping[str, Any]


def book(until: date) -> dict[str, Any]:
    """Gross margin, what winning customers cost in each of the last twelve whole months, the tiers, and the score."""
    first = until.year * 12 + until.month - 1 - 12
    months = [divmod(first + n, 12) for n in range(12)]
    return {
        "gross_margin": 0.78,
        "acquisition_cost": {
            f"{year}-{month + 1:02d}": SPENT_A_MONTH[n % len(SPENT_A_MONTH)]
            for n, (year, month) in enumerate(months)
        },
        "segments": {"trait": "plan"},
        "tiers": [
            {
                "id": "partner",
                "name": "Partner",
                "at_least": {"yearly_revenue": 40_000, "score": 60},
                "benefits": {
                    "Manager": "named",
                    "First response": "within 2 hours",
                    "Review": "every quarter",
                },
            },
            {
                "id": "strategic",
                "name": "Strategic",
                "at_least": {"yearly_revenue": 40_000},
                "benefits": {
                    "Manager": "named",
                    "First response": "within 4 hours",
                    "Review": "every quarter",
                },
            },
            {
                "id": "core",
                "name": "Core",
                "at_least": {"yearly_revenue": 15_000},
                "benefits": {"Manager": "shared", "First response": "within a day", "Review": "every year"},
            },
            {"id": "self-service", "name": "Self-service", "benefits": {"First response": "within two days"}},
        ],
        "score": {"profiles": [FIRST_MONTHS]},
    }


def said(until: date) -> Iterator[Said]:
    """Goals, interventions and sentiment, in the order in which they are to be told."""

    def day(days: int) -> str:
        return (until + timedelta(days=days)).isoformat()

    yield _goal(
        "saolucas",
        "wings",
        ("Every wing at work", "seats", 75.0, day(120), "Inês Duarte", day(-112)),
        [
            (day(-60), 30.0, "Surgery and Emergency"),
            (day(30), 60.0, "Laboratory"),
            (day(90), 70.0, "Facilities"),
        ],
    )
    yield Said(
        "POST",
        "/v1/companies/saolucas/goals/wings/accept",
        {"stage": 0, "note": "Seen in the review with the head nurse.", "actor": "Inês Duarte"},
    )
    yield _goal(
        "corvus",
        "pilot",
        ("From the pilot to the whole base", "seats", 60.0, day(60), "Tom Akers", day(-84)),
        [(day(-35), 25.0, "Line Maintenance"), (day(21), 45.0, "Stores")],
    )
    yield _goal(
        "northgate",
        "deeper",
        ("Inspect, do not only look", "features", 20.0, day(100), "Inês Duarte", day(-91)),
        [(day(-14), 10.0, "Every store files one inspection a week")],
    )
    yield _goal(
        "halvorsen",
        "renewal",
        (
            "Renew as a healthy customer",
            "score",
            70.0,
            day(find_company("halvorsen").renewal_days),
            "Tom Akers",
            day(-98),
        ),
        [(day(-42), 68.0, "The yard works with it every day")],
    )
    yield _goal(
        "nordhafen",
        "habit",
        ("A weekly habit for three in four", "habit", 75.0, day(30), "Tom Akers", day(-140)),
        [(day(-70), 60.0, "")],
    )
    yield _intervention(
        "visit-tianhe", "A week on site with the new quality manager", day(-79), ["tianhe"], "Tom Akers"
    )
    steady = [one.id for one in COMPANIES if one.plan == "business" and one.renewal_days > 60]
    yield _intervention(
        "webinar", "A webinar on inspections that repeat", day(-55), steady, "Inês Duarte", hold_out=0.4
    )
    yield _intervention("call-kestrel", "A call with the new management", day(-12), ["kestrel"], "Tom Akers")
    yield Said(
        "PUT",
        "/v1/companies/halvorsen/sentiment",
        {"feeling": "poor", "note": "The fleet manager who brought us in has left.", "actor": "Tom Akers"},
    )


def _goal(
    company: str,
    id: str,
    goal: tuple[str, str, float, str, str, str],
    stages: Sequence[tuple[str, float, str]],
) -> Said:
    name, measure, target, by, owner, start = goal
    on_the_way = [{"by": by, "target": target, "name": name} for by, target, name in stages]
    body = {"name": name, "measure": measure, "target": target, "by": by, "owner": owner, "start": start}
    return Said("PUT", f"/v1/companies/{company}/goals/{id}", {**body, "stages": on_the_way, "actor": owner})


def _intervention(
    id: str, what: str, on: str, companies: Sequence[str], actor: str, hold_out: float = 0.0
) -> Said:
    body = {"what": what, "day": on, "companies": list(companies), "hold_out": hold_out, "actor": actor}
    return Said("PUT", f"/v1/interventions/{id}", body)
