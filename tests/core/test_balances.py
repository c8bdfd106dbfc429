"""What members have, spend and are about to lose, week by week."""

from __future__ import annotations

from datetime import date
from random import Random

import pytest

from engage.core.balances import CurrencyWeek
from engage.core.eligible import AWARDED, NOT_TO_FEW
from engage.core.levels import note_level
from engage.core.outstanding import ends_quarter
from engage.core.program import Currency, EventType, Expires, Length, Level, Levels, Program, Reward, Streak
from engage.core.runs import add, lost_in, reach
from engage.core.state import CompanyState, DayRollup, MemberState, Run, Standing, Waiting, Wallet
from tests.core.history import program_of
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


SHOP = Program(
    name="Shop",
    currencies={
        "points": Currency("Points", expires=Expires(after=Length(n=90, unit="days"))),
        "coins": Currency("Coins"),
    },
    events={"Export": EventType("Export")},
    rewards=tuple(
        Reward(id=f"r{at}", name="R", cost=cost, currency=currency)
        for at, (cost, currency) in enumerate(
            [(50, "points"), (20, "points"), (900, "coins"), (300, "points")]
        )
    ),
    streaks=(Streak("deals", "Deals", every="week", event="Export"), Streak("daily", "Daily")),
)


@pytest.mark.parametrize("seed", range(30))
def test_balances_are_what_a_slower_reckoning_finds(seed: int) -> None:
    random = Random(seed)
    members = [_random_member(random) for _ in range(8)]
    days = {day: _random_day(random) for day in range(MONDAY, NEXT + 14) if random.random() < 0.5}
    weeks = measure_weeks(SHOP, CompanyState(members=8), members, days, [MONDAY, NEXT])
    for week in weeks:
        within = range(week.monday, week.monday + 7)
        for currency, found in week.currencies.items():
            wallets = [member.wallets[currency] for member in members if currency in member.wallets]
            assert found.spent == sum(days[day].spent.get(currency, 0) for day in within if day in days)
            assert found.expired == sum(days[day].expired.get(currency, 0) for day in within if day in days)
            assert found.losers == sum(any(day in within for day, _ in one.expired) for one in wallets)
            assert found.spenders == sum(
                _week_after(member.spending.get(currency, (0, 0)), week.monday) for member in members
            )
    last = weeks[-1].currencies
    later = [rollup for day, rollup in days.items() if day >= NEXT + 7]
    for currency, found in last.items():
        wallets = [member.wallets[currency] for member in members if currency in member.wallets]
        has = [one.active + one.held + sum(waiting.units for waiting in one.pending) for one in wallets]
        came = sum(_of(one.issued, currency) + _of(one.adjusted, currency) for one in later)
        went = sum(_of(one.spent, currency) + _of(one.expired, currency) for one in later)
        assert (found.outstanding, found.holders) == (sum(has) - came + went, sum(one > 0 for one in has))
        soon = [sum(units for day, units in one.lots if NEXT + 7 <= day < NEXT + 35) for one in wallets]
        assert (found.expiring, found.at_risk) == (sum(soon), sum(one > 0 for one in soon))
    assert [(one.lasts, one.dearest, one.cheapest) for one in last.values()] == [(90, 300, 20), (0, 900, 900)]
    assert not weeks[-1].weekly_streaks


def _of(amounts: dict[str, int], currency: str) -> int:
    return amounts.get(currency, 0)


def _week_after(used: tuple[int, int], monday: int) -> bool:
    base, bits = used
    return monday in {base + 7 * at for at in range(bits.bit_length()) if bits >> at & 1}


def _random_member(random: Random) -> MemberState:
    member = MemberState()
    for currency in ("points", "coins", "gone"):
        if random.random() < 0.7:
            lots = sorted(
                (NEXT + random.choice((3, 7, 8, 34, 35, 90)), random.randint(1, 9))
                for _ in range(random.randrange(4))
            )
            member.wallets[currency] = Wallet(
                active=random.randint(0, 50),
                held=random.choice((0, 5)),
                lots=[*lots, (0, 7)] if random.random() < 0.5 else lots,
                pending=(Waiting(NEXT + 3, 7, 1, 0),) if random.random() < 0.3 else (),
                expired=tuple(
                    (MONDAY + random.choice((-1, 0, 6, 7, 13, 14)), 4) for _ in range(random.randrange(2))
                ),
            )
        if random.random() < 0.6:
            member.spending[currency] = (
                MONDAY + 7 * random.choice((-2, 0, 1, 2)),
                random.choice((0b1, 0b10, 0b111, 0b1010)),
            )
    return member


def _random_day(random: Random) -> DayRollup:
    def amounts() -> dict[str, int]:
        return {name: random.randint(1, 99) for name in ("points", "coins", "gone") if random.random() < 0.4}

    return DayRollup(issued=amounts(), adjusted=amounts(), spent=amounts(), expired=amounts())


@pytest.mark.parametrize("latest, told", [(NEXT + 6, True), (NEXT + 7, False)])
def test_what_members_have_is_told_until_the_week_after_is_over(latest: int, told: bool) -> None:
    members = [MemberState(standing=Standing(falls=NEXT + day)) for day in (-1, 0, 27, 28)]
    program = Program(
        name="Weekly", currencies={}, events={}, streaks=(Streak("weekly", "Weekly", every="week"),)
    )
    days = {MONDAY: DayRollup(events=1), latest: DayRollup(events=1)}
    (week,) = measure_weeks(program, CompanyState(members=4), members, days, [MONDAY])
    assert (week.standing, week.falling) == (told, 2 if told else 0)
    assert week.weekly_streaks
    assert week.currencies == {}


def test_what_members_have_is_not_told_of_a_week_long_past() -> None:
    days = {MONDAY + 14: DayRollup(events=1, issued={"points": 5})}
    members = [MemberState(wallets={"points": Wallet(active=9)}, standing=Standing(falls=NEXT + 3))]
    (week,) = measure_weeks(PROGRAM, CompanyState(members=1), members, days, [MONDAY])
    assert not week.standing
    assert week.currencies["points"] == CurrencyWeek()
    assert week.falling == 0


@pytest.mark.parametrize("joined, told", [(NEXT + 6, AWARDED), (NEXT + 7, NOT_TO_FEW)])
def test_whom_rules_are_for_is_known_as_of_the_end_of_the_newest_week(joined: int, told: int) -> None:
    program = program_of(
        """
name: Few
traits: {member: {team: {type: string}}}
events: {Export: {}}
currencies: {points: {}, coins: {}}
rules:
  - id: export
    trigger: Export
    conditions: {field: member.traits.team, op: eq, value: sales}
    effects: [award: {currency: points, amount: 10}]
"""
    )
    members = [MemberState(joined=joined, traits={"team": "sales"})]
    for week in measure_weeks(program, CompanyState(members=1), members, {}, [MONDAY, NEXT]):
        assert week.currencies["points"].to_few == week.currencies["points"].few_at_end == told
        assert week.currencies["coins"].to_few == NOT_TO_FEW


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


def test_to_the_lowest_level_one_rises_and_from_it_one_falls_to_none() -> None:
    rising, falling = MemberState(), MemberState()
    note_level(rising, MONDAY + 1, "")
    rising.level = "bronze"
    note_level(falling, MONDAY + 1, "bronze")
    for members, moves in (([rising], (1, 0)), ([falling], (0, 1))):
        (week,) = measure_weeks(PROGRAM, CompanyState(members=1), members, {}, [MONDAY])
        assert (week.risen, week.fallen) == moves


def test_without_a_program_there_are_neither_points_nor_streaks() -> None:
    members = [MemberState(wallets={"points": Wallet(active=9)}, streaks={"daily": run([0], 3)})]
    (week,) = measure_weeks(None, CompanyState(members=1), members, {}, [MONDAY])
    assert (week.currencies, week.weekly_streaks, week.streaks) == ({}, False, 0)


def test_at_the_end_of_a_quarter_it_is_counted_who_is_behind_what_counts_then() -> None:
    monday = next(day for day in range(MONDAY, MONDAY + 14 * 7, 7) if ends_quarter(day))
    members = [
        MemberState(
            earning={"points": (monday - 7, 0b1)}, spending={"points": (monday, 0b1)}, wallets=wallets
        )
        for wallets in ({"points": Wallet(expired=((monday, 5),))}, {"points": Wallet()})
    ]
    before, week = measure_weeks(PROGRAM, CompanyState(members=2), members, {}, [monday - 7, monday])
    assert (before.currencies["points"].behind, before.currencies["points"].few) == ((0, 0), ())
    assert (week.currencies["points"].behind, week.currencies["points"].few) == ((2, 1), (2, 2, 2, 2))


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


@pytest.mark.parametrize("done, until, lost, had", [
    ([4, 5], 7, (1, 0), (1, 0)),  # on Sunday
    ([5, 6], 8, (0, 1), (0, 1)),  # on the Monday after
    ([-1, 0, 1, 2, 3, 4, 5, 6, 7], 8, (0, 0), (1, 1)),
    ([], 8, (0, 0), (0, 0)),
])  # fmt: skip
def test_who_had_a_streak_in_a_week_lost_one_or_had_one_before(
    done: list[int], until: int, lost: tuple[int, int], had: tuple[int, int]
) -> None:
    other, nothing = run(done, until), run([], until)
    program = Program(
        name="Two", currencies={}, events={}, streaks=(Streak("one", "One"), Streak("two", "Two"))
    )
    for streaks in ({"one": other, "two": nothing}, {"one": nothing, "two": other}):
        members = [MemberState(streaks=streaks)]
        weeks = measure_weeks(program, CompanyState(members=1), members, {}, [MONDAY, NEXT])
        assert tuple(week.streaks_broken for week in weeks) == lost
        assert tuple(week.streaks for week in weeks) == had
