"""How much is told to have been issued in a week, beside what is told of its events."""

from __future__ import annotations

from typing import Any

import pytest

from engage.core.balances import CurrencyWeek
from engage.core.eligible import AWARDED, NOT_TO_FEW
from engage.core.measures import FeatureWeek, WeekMeasures
from engage.core.outstanding import Told
from engage.core.prices import Price
from engage.core.published_outstanding import _told_issued, remember_outstanding
from engage.core.state import AMOUNT_MAX
from tests.privacy.populations import FIRST

K = 5
ENDLESS = Price(10, AMOUNT_MAX)
TEN, THREE, QUEST = Price(10, 10), Price(3, 3), Price(10, 110, 20)
BOTH = {"Export": QUEST, "Note": THREE}
OF_FEW = {"Export": FeatureWeek(4, 4, 42), "Note": FeatureWeek(30, 30, 58)}
BY_FOUR: dict[str, Any] = {
    "active": 4,
    "features": {"Export": FeatureWeek(3, 3, 5), "Note": FeatureWeek(2, 2, 28)},
}


def week_of(prices: dict[str, Price], issued: int, incentivised: int = 42, **other: Any) -> WeekMeasures:
    """Thirty active members, twenty of whom exported 42 times; and 58 notes."""
    week = WeekMeasures(FIRST, members=30, active=30, active_4w=30, definition=2, floor=K, since=FIRST)
    week.events, week.incentivised, week.unrewarded = 100, incentivised, 30
    week.earners = week.receivers["points"] = 20
    week.features = {"Export": FeatureWeek(20, 20, 42), "Note": FeatureWeek(30, 30, 58)}
    week.awards, week.issued["points"] = {"points": prices}, issued
    week.currencies = {"points": CurrencyWeek()}
    week.knows_conditions = True
    for name, value in other.items():
        setattr(week, name, value)
    return week


@pytest.mark.parametrize(
    "week, told",
    [
        # Of what is told by name and brings the same each time all follows; a quest besides may have been completed by
        # each, and on average by one in ten.
        (week_of({"Export": TEN}, 420), Told(420, 420, 100, False, 100, 420)),
        (week_of({"Export": QUEST}, 620), Told(420, 1419, 1100, False, 1100, 840, True)),
        # Earlier quests may have brought more than the average: it is no less than what is told.
        (week_of({"Export": QUEST}, 4200), Told(2920, 4620, 1100, False, 1100, 2920, True)),
        # Of a key event of which only some earned it is not told how often it happened.
        (week_of({"Export": Price(0, 10)}, 320, 32), Told(320, 320, 100, True, 100, 320)),
        # What comes besides has no end, nor has a formula.
        (week_of({"Export": TEN, "": Price(0, 50)}, 470), Told(420, 919, 500, True, 500, 919)),
        (week_of({"Export": ENDLESS}, 777), Told(710, 782, 1, False, 0, 782)),
        # More than events bring was by rules that are no longer; and so was all of it.
        (week_of({"Export": TEN}, 9000), Told(421, 9000, 100, False, 100, 9000)),
        (week_of({}, 420, awards={}), Told(363, 453, 1, False, 0, 453)),
        # Hidden: what is told by name counts. Known members may have had nearly all events.
        (week_of({"Export": TEN}, 420, earners=4), Told(420, 420, 100, True, 1100, 420)),
        (week_of({"Export": TEN}, 420, earners=4, leading=(0, 10, 70)), Told(420, 420, 100, True, 300, 420)),
        # Each event earns: those that are not told by name the least of them all.
        (week_of(BOTH, 594, 100, features=OF_FEW), Told(300, 11000, 1100, True, 12100, 2000, True)),
        (week_of(BOTH, 299, 100, features=OF_FEW), Told(0, 11000, 1100, True, 12100, 2000, True)),
        (week_of({"Export": QUEST}, 594, features=OF_FEW), Told(420, 1519, 1100, True, 1100, 840, True)),
        # Not even how many events there were: a power of two, with 20 beside those of known members.
        (week_of({"Export": TEN}, 50, 5, events=33, **BY_FOUR), Told(0, 640, 100, True, 430, 640)),
        (week_of({"Export": TEN}, 50, 5, events=32, **BY_FOUR), Told(0, 640, 100, True, 420, 640)),
        (week_of({"Export": TEN}, 50, 5, events=32, leading=(5, 7, 20), **BY_FOUR), Told(0, 320, 100, True, 150, 320)),
        (week_of({"Export": TEN}, 50, 5, events=32, leading=(9, 8, 11), **BY_FOUR), Told(0, 640, 100, True, 230, 640)),
        (week_of({"Export": TEN}, 50, 5, events=11, **BY_FOUR), Told(0, 320, 100, True, 210, 320)),
    ],
)  # fmt: skip
def test_as_much_was_issued_as_events_that_are_told_bring(week: WeekMeasures, told: Told) -> None:
    assert _told_issued(week, K) == {"points": told}


def test_what_is_for_few_alone_has_no_width() -> None:
    week = week_of({"Export": Price(0, 10)}, 420, currencies={"points": CurrencyWeek(to_few=AWARDED)})
    assert _told_issued(week, K)["points"].width == AMOUNT_MAX


def test_without_a_currency_nothing_is() -> None:
    assert _told_issued(week_of({}, 420, currencies={}), K) == {}


@pytest.mark.parametrize("at_end, to_few", [(NOT_TO_FEW, NOT_TO_FEW), (AWARDED, AWARDED)])
def test_what_was_for_few_at_the_end_of_a_week_was_until_somewhen_in_the_next(
    at_end: int, to_few: int
) -> None:
    before = week_of({"Export": TEN}, 420)
    before.currencies = {"points": CurrencyWeek(few_at_end=at_end), "coins": CurrencyWeek(few_at_end=AWARDED)}
    week = week_of({"Export": TEN}, 420)
    remember_outstanding(week, before, K)
    assert week.currencies["points"].to_few == to_few
    week.currencies["points"].to_few = AWARDED
    remember_outstanding(week, before, K)
    assert week.currencies["points"].to_few == AWARDED
