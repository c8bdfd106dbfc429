"""The section about points: which weeks its figures are of, and which columns it has."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from engage.core.adoption_points import balances
from engage.core.balances import CurrencyWeek
from engage.core.program import Currency, Expires, Length, Program, Reward
from tests.core.test_adoption_people import made, periods, told, week


def of_points(weeks: Mapping[int, CurrencyWeek]) -> list[list[str]]:
    """What was spent and expired, is outstanding, will expire and soon does, and the members who have such."""
    source = made({at: week(at, currencies={"points": one}) for at, one in weeks.items()})
    return [row[2:] for row in told(balances(source, periods(source)[0]))]


POINTS = CurrencyWeek(4000, 300, 1000, 200, 120_000, 600, 7000, 250)


def test_points_are_of_the_whole_period_and_what_members_have_of_its_end() -> None:
    """A fifth of the 60,000 spent or expired in twelve weeks expired, so a fifth of 120,000 may."""
    last = replace(POINTS, outstanding=100_000)
    assert of_points(dict.fromkeys(range(23), POINTS) | {23: last}) == [
        ["about 48,000", "about 12,000", "about 100,000", "about 20,000", "about 7,400", "250 to 259"]
    ]


def test_of_a_week_that_is_missing_no_points_are_known() -> None:
    weeks = dict.fromkeys(range(24), POINTS)
    del weeks[15]
    assert of_points(weeks)[0][:2] == ["44,000 or more", "11,000 or more"]


def test_without_the_last_week_nothing_is_told_of_balances() -> None:
    found = made({at: week(at, currencies={"points": POINTS}) for at in range(23)})
    table = balances(found, periods(found)[0])
    assert (table.rows, table.note) == ((), "")
    assert balances(made({}, None), periods(made({}))[0]).rows == ()


LASTS = Program("P", {"points": Currency("Points")}, {})
EXPIRES = Program("P", {"points": Currency("Points", expires=Expires(after=Length("months", 6)))}, {})
REWARD = Reward("mug", "A mug", "points", 100)
NOTHING_GONE = CurrencyWeek(outstanding=120_000, holders=600)
EXPIRY = ["expired", "breakage", "expiring", "at_risk"]


@pytest.mark.parametrize(
    "program, left_out",
    [
        (LASTS, ["spent", *EXPIRY]),
        (replace(LASTS, rewards=(REWARD,)), EXPIRY),
        (EXPIRES, ["spent"]),
        (replace(EXPIRES, rewards=(REWARD,)), []),
    ],
)
def test_what_the_program_has_not_has_no_column(program: Program, left_out: list[str]) -> None:
    """Without rewards nothing can be spent, and points that last do not expire: of these zero would be "not shown"."""
    source = made({at: week(at, currencies={"points": NOTHING_GONE}) for at in range(24)}, program)
    table = balances(source, periods(source)[0])
    everything = ["currency", "issued", "spent", "expired", "outstanding", "breakage", "expiring", "at_risk"]
    assert [column.name for column in table.columns] == [one for one in everything if one not in left_out]
    assert all(len(row) == len(table.columns) for row in table.rows)
    assert table.note.startswith("Expected to expire" if "expired" not in left_out else "What fewer than 5")


def test_what_was_told_of_rewards_that_are_no_longer_offered_stays() -> None:
    source = made({at: week(at, currencies={"points": POINTS}) for at in range(24)}, LASTS)
    assert [column.name for column in balances(source, periods(source)[0]).columns][2:4] == [
        "spent",
        "expired",
    ]
