"""What members have, spend and are about to lose, week by week."""

from __future__ import annotations

from datetime import date

from engage.core.balances import CurrencyWeek
from engage.core.levels import note_level
from engage.core.program import Currency, EventType, Level, Levels, Program, Streak
from engage.core.runs import add, lost_in, reach
from engage.core.state import CompanyState, DayRollup, MemberState, Run, Standing, Waiting, Wallet
from tests.core.measuring import measure_weeks

MONDAY = date(2026, 1, 5).toordinal()
NEXT = MONDAY + 7
PROGRAM = Program(
    name="Test",
    currencies={"points": Currency("Points")},
    events={"Export": EventType("Export")},
    levels=Levels("points", (Level("bronze", "Bronze", 0), Level("silver", "Silver", 100))),
    streaks=(Streak("daily", "Daily"),),
)


def test_points_are_counted_by_the_books_and_by_the_people_behind_them() -> None:
    members = [
        MemberState(
            wallets={
                "points": Wallet(
                    active=30, held=5, lots=[(NEXT + 9, 20), (NEXT + 99, 10)],
                    pending=(Waiting(NEXT + 3, 7, 1, 0),), expired=((MONDAY + 2, 4), (NEXT + 1, 6)),
                )
            },
            spending={"points": (MONDAY, 0b11)},
        ),
        MemberState(wallets={"points": Wallet(active=8, lots=[(0, 8)])}),
        MemberState(wallets={"points": Wallet()}),
    ]  # fmt: skip
    days = {
        MONDAY + 1: DayRollup(spent={"points": 12}, expired={"points": 4}),
        NEXT: DayRollup(spent={"points": 5}, expired={"points": 6}),
        NEXT + 8: DayRollup(issued={"points": 9}, spent={"points": 2}),
    }
    first, last = measure_weeks(PROGRAM, CompanyState(members=3), members, days, [MONDAY, NEXT])
    assert first.currencies["points"] == CurrencyWeek(spent=12, spenders=1, expired=4, losers=1)
    assert (first.standing, last.standing) == (False, True)
    # What was issued and spent after the week is taken back: 50 now, less 9, and 2 more.
    assert last.currencies["points"] == CurrencyWeek(5, 1, 6, 1, 43, 2, 20, 1)


def test_what_members_have_is_not_told_of_a_week_long_past() -> None:
    days = {MONDAY + 14: DayRollup(events=1)}
    members = [MemberState(wallets={"points": Wallet(active=9)}, standing=Standing(falls=NEXT + 3))]
    (week,) = measure_weeks(PROGRAM, CompanyState(members=1), members, days, [MONDAY])
    assert not week.standing
    assert week.currencies["points"] == CurrencyWeek()
    assert week.falling == 0


def test_who_stands_higher_or_lower_at_the_end_of_a_week() -> None:
    rising, back, falling = MemberState(), MemberState(), MemberState(level="silver")
    note_level(rising, MONDAY + 1, "")
    note_level(rising, MONDAY + 2, "bronze")  # twice in a week is one rise
    rising.level = "silver"
    note_level(back, MONDAY + 1, "bronze")  # up and down again
    back.level = "bronze"
    note_level(falling, NEXT, "silver")
    falling.level = "bronze"
    falling.standing = Standing(falls=NEXT + 10)
    members = [rising, back, falling]
    first, last = measure_weeks(PROGRAM, CompanyState(members=3), members, {}, [MONDAY, NEXT])
    assert [(week.risen, week.fallen) for week in (first, last)] == [(1, 0), (0, 1)]
    assert last.falling == 1


def run(done: list[int], until: int, excused: int = 0) -> Run:
    made = Run()
    for day in done:
        assert reach(made, MONDAY + day, lambda _: True)
        add(made, MONDAY + day, 1, 1)
    made.until = MONDAY + until
    made.excused = excused
    return made


def test_a_streak_is_lost_in_the_week_of_the_day_that_was_missed() -> None:
    broken = run([0, 1, 2, 4], 14)
    assert lost_in(broken, MONDAY, MONDAY + 6)  # on the fourth and sixth day
    assert not lost_in(broken, MONDAY + 7, MONDAY + 13)  # nothing was left to lose
    excused = run([0, 1, 2, 4], 5, excused=0b01000)
    assert not lost_in(excused, MONDAY, MONDAY + 6)
    assert lost_in(run([6], 8, excused=0), MONDAY + 7, MONDAY + 13)
    members = [MemberState(streaks={"daily": broken, "gone": broken})]
    week, after = measure_weeks(PROGRAM, CompanyState(members=1), members, {}, [MONDAY, NEXT])
    assert (week.streaks_broken, after.streaks_broken) == (1, 0)
