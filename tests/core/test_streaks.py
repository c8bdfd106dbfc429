"""Streaks: the days themselves decide how long a run is, whatever the order in which they become known."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings

from engage.core.activity import WEEKS_KEPT
from engage.core.calendar import DAY, HOUR, from_datetime, to_datetime, utc_day
from engage.core.check import check
from engage.core.event import Body, Kind
from engage.core.occasions import STREAK, Occasion
from engage.core.program import Award, Calendar, Currency, EventType, Freezes, Program, Rule, Streak
from engage.core.progress import streak_standings
from engage.core.runs import PERIODS_KEPT, add, current, is_working_day, period_of, reach, settle
from engage.core.state import Run, encode_state
from engage.core.streaks import grant
from tests.core.history import History, Step
from tests.core.random_programs import SEEDS

MONDAY = from_datetime(to_datetime(20_500 * DAY + 9 * HOUR).replace(year=2026, month=3, day=2))
CALENDAR = Calendar(holidays=(utc_day(MONDAY) + 10, utc_day(MONDAY) + 21, utc_day(MONDAY) + 22))
MILESTONES = (2, 3, 5)


def program_with(*streaks: Streak, late_days: int = 40) -> Program:
    rules = [
        Rule(
            f"{streak.id}-{n}", "", "", effects=(Award("points", n),), on=Occasion(STREAK, f"{streak.id}:{n}")
        )
        for streak in streaks
        for n in MILESTONES
    ]
    return Program(
        "Streaks",
        {"points": Currency("Points")},
        {"Go": EventType("Go"), "Stop": EventType("Stop")},
        late_days,
        rules=tuple(rules),
        calendar=CALENDAR,
        streaks=streaks,
    )


def told_of(*streaks: Streak, late_days: int = 40) -> History:
    told = History(stored=True)
    told.publish(program_with(*streaks, late_days=late_days))
    return told


def stands(told: History, at: int) -> tuple[int, int, int, str]:
    assert told.program is not None
    found = next(streak_standings(told.program, told.member("ann"), utc_day(at)))
    return found.current, found.longest, found.freezes, found.today


def reckoned(streak: Streak, counts: Counter[int], today: int) -> tuple[int, int]:
    """The current and the longest run, from the days alone."""
    if not +counts:
        return 0, 0
    longest = length = 0
    for period in range(min(counts), period_of(streak.every, today) + 1):
        days = [period] if streak.every == "day" else range(period * 7 + 1, period * 7 + 8)
        asked = streak.days == "all" or any(is_working_day(CALENDAR, day) for day in days)
        if counts[period] >= streak.at_least:
            length += 1
        elif asked and period < period_of(streak.every, today):
            length = 0
        longest = max(longest, length)
    return length, longest


@settings(max_examples=125)
@given(seed=SEEDS)
def test_a_run_is_as_long_as_its_days_say(seed: int) -> None:
    random = Random(seed)
    streak = Streak(
        "go",
        "",
        every=random.choice(["day", "day", "week"]),
        event=random.choice(["", "Go"]),
        at_least=random.choice([1, 1, 2]),
        days=random.choice(["working", "all"]),
    )
    told, now, counts, events = told_of(streak), MONDAY, Counter[int](), list[Step]()
    for _ in range(random.randint(1, 40)):
        now += random.choice([0, 3, 24, 24, 24, 30, 72]) * HOUR
        if events and random.random() < 0.15:
            undone = events.pop(random.randrange(len(events)))
            told.reverse("ann", now, undone)
            step, change = undone, -1
        else:
            late = random.choice([0, 0, 0, 24, 48, 50, 200]) * HOUR
            step, change = told.track("ann", random.choice(["Go", "Stop"]), now - late), 1
            events.append(step)
        day = step.entry.day
        rests = streak.every == "day" and streak.days == "working" and not is_working_day(CALENDAR, day)
        if streak.event in ("", step.entry.name) and not rests:
            counts[period_of(streak.every, day)] += change
        assert stands(told, now)[:2] == reckoned(streak, counts, utc_day(now))
    later = now + random.randint(0, 10) * DAY
    before = stands(told, later)
    told.wait("ann", later)
    assert stands(told, later) == before, "who looks sees what the clock would tell"
    assert told.wait("ann", later) == []
    again = told.replayed()
    assert (again.members, again.rollups) == (told.members, told.rollups)


@settings(max_examples=75)
@given(seed=SEEDS)
def test_undoing_what_nothing_followed_restores_a_streak(seed: int) -> None:
    random = Random(seed)
    told, now = told_of(Streak("go", "", freezes=Freezes(2, 1))), MONDAY
    told.track("ann", "Go", now)
    for _ in range(random.randint(1, 25)):
        now += random.choice([3, 24, 24, 24, 48, 72]) * HOUR
        told.track("ann", "Go", now - random.choice([0, 0, 24, 48]) * HOUR)
    told.wait("ann", now)
    before = (stands(told, now), told.active("ann"), told.member("ann").streaks.get("go", Run()).told)
    told.reverse("ann", now, told.track("ann", "Go", now - random.choice([0, 24, 48, 72]) * HOUR))
    assert (stands(told, now), told.active("ann"), told.member("ann").streaks.get("go", Run()).told) == before


@settings(max_examples=50)
@given(seed=SEEDS)
def test_the_order_in_which_days_become_known_does_not_change_a_streak(seed: int) -> None:
    random = Random(seed)
    days = [random.randint(0, 30) for _ in range(random.randint(1, 25))]
    end = MONDAY + 31 * DAY

    def outcome(days: list[int]) -> object:
        told = told_of(Streak("go", "", days="all"))
        for day in days:
            told.append(Kind.TRACK, "ann", MONDAY + day * DAY, "Go", Body("", {}))
        return stands(told, end)

    assert outcome(random.sample(days, len(days))) == outcome(sorted(days))


def test_a_freeze_granted_later_is_not_spent_on_earlier_days() -> None:
    told = told_of(Streak("go", "", days="all", freezes=Freezes(2, 1, "week")))
    told.track("ann", "Go", MONDAY)
    later = MONDAY + 9 * DAY
    before = stands(told, later)
    told.wait("ann", later)
    assert stands(told, later) == before == (0, 1, 1, "due")


@pytest.mark.parametrize("weeks, held", [(0, 1), (1, 2), (4, 5), (40, 5)])
def test_who_was_away_has_the_freezes_of_each_period(weeks: int, held: int) -> None:
    """However seldom somebody looks, up to what may be held."""
    streak = Streak("go", "", freezes=Freezes(most=5, count=1, per="week"))
    seldom, often = Run(), Run()
    for week in range(weeks + 1):
        grant(streak, often, utc_day(MONDAY) + 7 * week)
    for week in (0, weeks):
        grant(streak, seldom, utc_day(MONDAY) + 7 * week)
    assert (seldom.freezes, seldom.granted) == (often.freezes, often.granted)
    assert seldom.freezes == held


def test_a_streak_takes_little_room_however_long_it_lasts() -> None:
    told = told_of(Streak("go", "", days="all"))
    empty = len(encode_state(told.member("ann")))
    for day in range(400):
        told.track("ann", "Go", MONDAY + day * DAY)
    assert stands(told, MONDAY + 399 * DAY)[:2] == (400, 400)
    weeks = 2 * WEEKS_KEPT  # events of each, of all kinds and of this one
    assert len(encode_state(told.member("ann"))) - empty < 2 * PERIODS_KEPT + weeks + 190
    told.track("ann", "Stop", MONDAY + 402 * DAY)
    assert stands(told, MONDAY + 402 * DAY)[:2] == (1, 400)


@pytest.mark.parametrize("asked", [True, False])
def test_an_age_is_passed_in_no_time(asked: bool) -> None:
    """A clock set to another century: passing what lies between once took time with its square."""
    run = Run()
    reach(run, 100_000, lambda period: asked)
    add(run, 100_000, 1, 1)
    assert settle(run, 150_000, lambda period: asked, lambda period: False) is asked
    assert len(run.counts) == PERIODS_KEPT
    assert run.until == 150_000
    assert (run.before, run.longest) == ((0, 1) if asked else (1, 1))
    assert (current(run) is None) is asked


def test_what_is_too_long_ago_repairs_nothing() -> None:
    told = told_of(Streak("go", "", days="all"), late_days=300)
    for day in (0, *range(2, 100)):
        told.track("ann", "Go", MONDAY + day * DAY)
    told.track("ann", "Go", MONDAY + DAY)
    assert stands(told, MONDAY + 99 * DAY)[:2] == (98, 98)


def test_a_page_keeps_a_streak_of_any_activity() -> None:
    told = told_of(Streak("any", "", days="all"), Streak("go", "", event="Go"))
    told.append(Kind.PAGE, "ann", MONDAY, "Home", Body("", {}))
    told.append(Kind.PAGE, "ann", MONDAY + DAY, "Home", Body("", {}))
    assert stands(told, MONDAY + DAY)[0] == 2
    assert told.active("ann") == 2
    assert "go" not in told.member("ann").streaks
    told.append(Kind.PAGE, "bob", MONDAY + DAY, "Home", Body("", {}, None, trusted=False))
    assert told.member("bob").streaks == {}, "a forged page keeps nothing"


def test_a_leave_is_told_before_or_after() -> None:
    before, after = told_of(Streak("go", "")), told_of(Streak("go", ""))
    leave = Body("", {"from": "2026-03-03", "to": "2026-03-06"})
    for told in (before, after):
        told.track("ann", "Go", MONDAY)
    before.append(Kind.LEAVE, "ann", MONDAY, "", leave)
    for told in (before, after):
        told.track("ann", "Go", MONDAY + 7 * DAY)
    after.append(Kind.LEAVE, "ann", MONDAY + 7 * DAY, "", leave)
    assert stands(before, MONDAY + 7 * DAY) == stands(after, MONDAY + 7 * DAY) == (2, 2, 0, "done")
    assert before.active("ann") == after.active("ann") == 2


STREAK_OF_CALLS = {"id": "s", "event": "Go"}


@pytest.mark.parametrize(
    "change, place, message",
    [
        ({"every": "month"}, "/every", "must be one of day, week"),
        ({"event": "Goo"}, "/event", "did you mean 'Go'?"),
        ({"event": None, "conditions": {}}, "/conditions", "goes with the 'event'"),
        ({"at_least": 0}, "/at_least", "must be from 1 to 100, not 0"),
        ({"days": "weekdays"}, "/days", "must be one of working, all"),
        ({"freezes": {"count": 1}}, "/freezes", "missing key 'most'"),
        ({"freezes": {"most": 1, "per": "week"}}, "/freezes/per", "goes with 'count'"),
        ({"freeze": {}}, "/freeze", "did you mean 'freezes'?"),
    ],
)
def test_a_mistaken_streak_is_named_at_its_place(change: dict[str, Any], place: str, message: str) -> None:
    document = {"name": "P", "currencies": {"points": {}}, "events": {"Go": {}}}
    program, problems = check(document | {"streaks": [STREAK_OF_CALLS | change]})
    assert program is None
    (problem,) = problems
    assert problem.pointer == "/streaks/0" + place
    assert message in problem.message


@pytest.mark.parametrize(
    "rule, place, message",
    [
        ({"trigger": {"streak": "t", "reaches": 2}}, "/trigger/streak", "unknown streak 't'; declared: s"),
        ({"trigger": {"streak": "s"}}, "/trigger", "needs 'reaches', how long it is, or 'broken: true'"),
        ({"trigger": {"streak": "s", "reaches": 0}}, "/trigger/reaches", "must be from 1"),
        ({"trigger": {"streak": "s", "broken": False}}, "/trigger/broken", "can only be true"),
        ({"trigger": "Go", "effects": [{"freeze": "t"}]}, "/effects/0/freeze", "unknown streak 't'"),
    ],
)
def test_a_mistaken_rule_of_a_streak_is_named_at_its_place(
    rule: dict[str, Any], place: str, message: str
) -> None:
    document = {"name": "P", "currencies": {"points": {}}, "events": {"Go": {}}, "streaks": [STREAK_OF_CALLS]}
    _, problems = check(document | {"rules": [{"id": "r", "effects": [{"award": 1}]} | rule]})
    (problem,) = problems
    assert problem.pointer == "/rules/0" + place
    assert message in problem.message


@pytest.mark.parametrize(
    "calendar, place, message",
    [
        ({"working_days": ["mondy"]}, "/working_days/0", "did you mean 'monday'?"),
        ({"working_days": []}, "/working_days", "needs at least 1 entry"),
        ({"holidays": ["2026-02-30"]}, "/holidays/0", "must be a date"),
    ],
)
def test_a_mistaken_calendar_is_named_at_its_place(calendar: object, place: str, message: str) -> None:
    document = {"name": "P", "currencies": {"points": {}}, "events": {"Go": {}}, "calendar": calendar}
    _, problems = check(document)
    (problem,) = problems
    assert problem.pointer == "/calendar" + place
    assert message in problem.message
