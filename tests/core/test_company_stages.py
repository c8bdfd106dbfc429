"""Company stages: a table of situations, what counts as growth of a contract, and a score that is frozen."""

from __future__ import annotations

from datetime import date

import pytest
from msgspec.structs import replace

from engage.core.check_book import check_book
from engage.core.company_stages import CompanyStages, Situation, decide_stage
from engage.core.health import frozen
from engage.core.measures import WeekMeasures
from engage.core.privacy import Figure, fact, ratio
from engage.core.published import publish_people
from engage.core.reports import Driver, Health
from engage.core.terms import Term, has_grown

DEFAULT = CompanyStages()


def situation(
    active: int = 60,
    habitual: int = 30,
    seats: int | None = 100,
    age: int | None = 400,
    scores: tuple[int | None, ...] = (60, 60, 60),
    before: int | None = None,
    **more: bool,
) -> Situation:
    week = WeekMeasures(1, members=110, activated=90, active=active, active_4w=active, habitual=habitual)
    earlier: Figure | None = None if before is None else fact(before, "members")
    return Situation(age, scores, seats, publish_people(week, 5), earlier, 5, **more)


SITUATIONS = [
    ("half of the seats in use, a quarter with the habit", situation(50, 15), "established"),
    ("fewer of the seats in use", situation(49, 30), "adopting"),
    ("too few with the habit", situation(60, 14), "adopting"),
    ("seats unknown: of the members", situation(60, 30, seats=None), "established"),
    ("seats unknown, half of the members not active", situation(50, 30, seats=None), "adopting"),
    ("ten percent more active members", situation(66, 30, before=60), "expanding"),
    ("not quite as many more", situation(65, 30, before=60), "established"),
    ("many more, but not established", situation(40, 10, before=10), "adopting"),
    ("the contract has grown", situation(60, 30, contract_grew=True), "expanding"),
    ("one bad week", situation(scores=(60, 60, 39)), "established"),
    ("two bad weeks", situation(scores=(60, 39, 39)), "at_risk"),
    ("not quite bad", situation(scores=(60, 40, 39)), "established"),
    ("scored before, not any more", situation(4, 1, scores=(60, 55, None)), "at_risk"),
    ("a new customer", situation(age=89), "onboarding"),
    ("a new customer with a bad score", situation(age=20, scores=(10, 10)), "onboarding"),
    ("a customer for 90 days", situation(age=90), "established"),
    ("of unknown age", situation(age=None), "established"),
    ("never scored", situation(4, 1, scores=(None, None)), None),
    ("never scored, a new customer", situation(4, 1, age=5, scores=(None,)), "onboarding"),
    ("the contract has ended", situation(left=True), "churned"),
    ("ended before it was used", situation(0, 0, age=5, scores=(None,), left=True), "churned"),
]


@pytest.mark.parametrize("now, stage", [one[1:] for one in SITUATIONS], ids=[one[0] for one in SITUATIONS])
def test_a_company_s_stage_is_that_of_its_situation(now: Situation, stage: str | None) -> None:
    found = decide_stage(DEFAULT, now)
    assert (found[0] if found else None) == stage


def test_a_share_that_is_not_shown_is_said_to_be_uncertain_and_not_to_be_of_nobody() -> None:
    """Of fifteen members no share with the habit is narrow enough to be told; of eight not even who is active."""
    week = WeekMeasures(1, members=15, activated=12, active=9, active_4w=11, habitual=9)
    now = replace(situation(seats=17), people=publish_people(week, 5))
    why = "{} are in use; how many have the habit is too uncertain to show."
    assert said(now) == why.format("65 % to 88 % of the seats")
    why = "{} are active; how many have the habit is too uncertain to show."
    assert said(replace(now, seats=None)) == why.format("73 % or more of the members")
    few = WeekMeasures(1, members=8, activated=8, active=6, active_4w=6, habitual=6)
    none = replace(now, seats=None, people=publish_people(few, 5))
    assert said(none) == "How many are active is too uncertain to show."


def test_a_habit_of_which_nothing_is_told_does_not_speak_against_a_company() -> None:
    """Of fifteen members, eleven of them active: the seats decide alone, as they would of two hundred such members."""
    week = WeekMeasures(1, members=15, activated=12, active=9, active_4w=11, habitual=9)
    people = publish_people(week, 5)
    assert ratio(people.habitual, people.active_4w).estimate is None
    for seats, stage in ((17, "established"), (40, "adopting"), (None, "established")):
        found = decide_stage(DEFAULT, replace(situation(seats=seats), people=people))
        assert found is not None
        assert found[0] == stage


def said(now: Situation) -> str:
    found = decide_stage(DEFAULT, now)
    assert found is not None
    return found[1]


def test_the_book_sets_the_definitions() -> None:
    said = {
        "onboarding": {"days": 30},
        "at_risk": {"score": 50, "weeks": 1},
        "established": {"active": 30, "habitual": 0},
        "expanding": {"growth": 50},
    }
    book, problems = check_book({"stages": said})
    assert problems == []
    assert book is not None
    assert book.stages == CompanyStages(30, 50, 1, 30, 0, 50)
    for now, stage in (
        (situation(age=31, scores=(60,)), "established"),
        (situation(scores=(49,)), "at_risk"),
        (situation(30, 0), "established"),
        (situation(66, 30, before=60), "established"),
    ):
        found = decide_stage(book.stages, now)
        assert found is not None
        assert found[0] == stage
    _, problems = check_book({"stages": {"at_risk": {"score": 101}, "dying": {}}})
    assert [one.pointer for one in problems] == ["/stages/dying", "/stages/at_risk/score"]


@pytest.mark.parametrize(
    "before, now, grew",
    [((10, 100), (11, 100), True), ((10, 100), (10, 109), False), ((10, 100), (5, 110), True)],
)
def test_a_contract_grows_from_term_to_term(
    before: tuple[int, int], now: tuple[int, int], *, grew: bool
) -> None:
    first, second = date(2025, 1, 1).toordinal(), date(2026, 1, 1).toordinal()
    terms = [
        Term(first, second, before[1], before[0]),
        Term(second, second + 365, now[1], now[0]),
    ]
    assert has_grown(terms, second + 5, 10) == grew
    assert not has_grown(terms, first + 5, 10)
    assert not has_grown([], second, 10)


def test_a_contract_grows_by_a_term_beside_another_and_not_when_that_goes_on() -> None:
    first, added, second = (date(*day).toordinal() for day in ((2025, 1, 1), (2025, 6, 1), (2026, 1, 1)))
    main, beside = Term(first, second, 100, 10), Term(added, second, 20, 5)
    assert not has_grown([main, beside], added - 1, 10)
    assert has_grown([main, beside], added, 10)
    assert not has_grown([main, replace(beside, monthly_revenue_cents=9, seats=None)], added, 10)
    both = Term(second, second + 365, 120, 15)
    assert not has_grown([main, beside, both], second + 5, 10)
    renewed = [Term(second, second + 365, *each) for each in ((100, 10), (20, 5))]
    assert not has_grown([main, beside, *renewed], second + 5, 10)
    assert has_grown([main, beside, replace(both, seats=17)], second + 5, 10)


def test_a_frozen_score_says_since_when_and_moves_no_more() -> None:
    health = Health("2026-05-31", 71, "healthy", "high", "Healthy at 71 of 100.", notes=("A note.",))
    once = frozen(health, "2026-06-07")
    twice = frozen(once, "2026-06-14")
    assert (twice.score, twice.band, twice.as_of) == (71, "healthy", "2026-06-14")
    assert twice.notes == (
        "A note.",
        "Frozen when the contract ended: the score is that of 2026-05-31.",
    )
    assert replace(twice, as_of=health.as_of, notes=health.notes) == health


def test_of_a_frozen_score_no_change_is_told() -> None:
    """It has none: that of four weeks before the end would be told for ever as that of the last four weeks."""
    habit = Driver("habit", "Habit", 10.0, 10.0, 1.0, -40.0, "few have the habit", change=-12.0)
    unweighted = Driver("seats", "Seat use", 90.0, 90.0, 0.0, 0.0, "seats are in use")
    profile = Driver("profile", "Profile", None, 0.0, 0.0, 0.0, "scored as Small", change=2.0)
    health = Health("2026-05-31", 10, "at_risk", "high", "At risk.", (habit, unweighted, profile))
    told = frozen(replace(health, change_4w=-10, change_13w=-30, slid="few have the habit"), "2026-06-07")
    assert (told.change_4w, told.change_13w, told.slid) == (None, None, "")
    assert told.drivers == (replace(habit, change=0.0), unweighted)
