"""The sections of the adoption report about kinds of members: how they use the product, where they work, since when
they do, how far they come, and what they have to lose.

Owns these sections. Takes every measure from `engage.core.published_people`, as the others do from
`engage.core.published`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Final

from msgspec.structs import replace

from engage.core import privacy
from engage.core.language import say
from engage.core.measures import MONTH_WEEKS, WEEK, WeekMeasures
from engage.core.privacy import Figure, Unit
from engage.core.program import Funnel
from engage.core.published import People
from engage.core.published_classes import publish_classes
from engage.core.published_floors import is_measured
from engage.core.published_parts import SMALLER, Group
from engage.core.published_people import (
    Moves,
    publish_active_a_day,
    publish_cohorts,
    publish_concentration,
    publish_departments,
    publish_funnel,
    publish_moves,
    publish_organic,
    publish_roles,
)
from engage.core.report_weeks import Source, Weeks
from engage.core.reports import Column, Series, Table
from engage.core.windows import between, mean_band

COHORTS_SHOWN: Final = 12
NOT_OVER: Final = "–"
CLASSES: Final = (
    ("power", say("Power users")),
    ("habitual", say("Habitual users")),
    ("novice", say("Novice users")),
    ("low", say("Low users")),
    ("none", say("No use in twelve weeks")),
)
MOVES: Final = (
    ("risen", say("Rose to a higher level, per week")),
    ("fallen", say("Fell to a lower level, per week")),
    ("streaks_broken", say("Lost a streak, per week")),
)
ROLES: Final = {
    "decision_maker": say("Decision makers"),
    "manager": say("Managers"),
    "executor": say("Executors"),
}
SMALLER_DEPARTMENTS: Final = say("Smaller departments")
NO_DEPARTMENT: Final = say("No department")

Row = tuple[str, str, Figure, Figure]
"""Name, label, the period's figure and that of the period before."""


def depth(now: Weeks, then: Weeks) -> list[Row]:
    """How much, how steadily, and how widely spread."""
    each = (now.days_each(), then.days_each())
    month = privacy.fact(WEEK * MONTH_WEEKS, "days")
    return [
        (
            "active_day",
            say("Active members a day"),
            privacy.mean(active_a_day(now), "members"),
            privacy.mean(active_a_day(then), "members"),
        ),
        ("days_each", say("Days active of 28"), *each),
        (
            "stickiness",
            say("Stickiness"),
            privacy.ratio(each[0], month),
            privacy.ratio(each[1], month),
        ),
        ("momentum", say("Momentum"), _momentum(now), _momentum(then)),
        ("power_users", say("Power users"), _class(now, 0), _class(then, 0)),
        ("top_tenth", say("Share of the most active tenth"), _top(now), _top(then)),
        ("organic_4w", say("Active beyond rewards"), _organic(now), _organic(then)),
    ]


def active_a_day(weeks: Weeks) -> tuple[Figure, ...]:
    return weeks.shown(lambda week, people: publish_active_a_day(week, weeks.k), "members")


def _momentum(weeks: Weeks) -> Figure:
    """Active days of four weeks against half of those of the eight weeks before: growth in percent."""
    earlier = privacy.mean([weeks.month_days(MONTH_WEEKS), weeks.month_days(2 * MONTH_WEEKS)], "days")
    return privacy.change(weeks.month_days(), earlier)


def _at_end(weeks: Weeks, publish: Callable[[WeekMeasures, People], Figure], unit: Unit) -> Figure:
    if weeks.last is None or weeks.people_last is None:
        return privacy.missing(unit)
    return publish(weeks.last, weeks.people_last)


def _class(weeks: Weeks, index: int) -> Figure:
    return _at_end(weeks, lambda week, people: publish_classes(week, people, weeks.k)[index], "members")


def _top(weeks: Weeks) -> Figure:
    return _at_end(weeks, lambda week, _: publish_concentration(week, weeks.k), "percent")


def _organic(weeks: Weeks) -> Figure:
    return _at_end(weeks, lambda week, people: publish_organic(week, people, weeks.k), "members")


def rhythm(now: Weeks) -> tuple[Series, ...]:
    """Active members a day, and stickiness, week by week."""
    month = privacy.fact(WEEK * MONTH_WEEKS, "days")
    stickiness = tuple(
        privacy.ratio(now.days_each(week=week), month) if measured else privacy.missing("percent")
        for week, measured in enumerate(now.measures)
    )
    return (
        Series("active_day", say("Active members a day"), "members", now.labels, active_a_day(now)),
        Series("stickiness", say("Stickiness"), "percent", now.labels, stickiness),
    )


def class_series(now: Weeks) -> tuple[Series, ...]:
    """Members by class of use, week by week; none where no week was measured so."""
    if not any(week is not None and is_measured(week) for week in now.measures):
        return ()
    found = [
        publish_classes(week, people, now.k) if week and people else (privacy.missing("members"),) * 5
        for week, people in zip(now.measures, now.people, strict=True)
    ]
    return tuple(
        Series(name, label, "members", now.labels, tuple(week[index] for week in found))
        for index, (name, label) in enumerate(CLASSES)
    )


def habits(now: Weeks, then: Weeks) -> Table:
    """Members by class of use at the end of the period."""
    columns = (
        Column("class", say("Class of use"), told=True),
        Column("members", say("Members"), "members"),
        Column("share", say("Of members"), "percent"),
        Column("before", say("Members before"), "members"),
    )
    people = now.people_last
    if now.last is None or people is None or not is_measured(now.last):
        return Table("habits", say("Kinds of use"), columns, ())
    classes = publish_classes(now.last, people, now.k)
    earlier: tuple[Figure, ...] = (privacy.missing("members"),) * 5
    if then.last is not None and then.people_last is not None:
        earlier = publish_classes(then.last, then.people_last, now.k)
    rows = tuple(
        (label, *number_and_share(figure, people.members), before)
        for (_, label), figure, before in zip(CLASSES, classes, earlier, strict=True)
    )
    return Table("habits", say("Kinds of use"), columns, rows)


def share_or_number(part: Figure, whole: Figure) -> Figure:
    """A share of which too little is told to show it, in the words of what is told of the number: beside others in a
    chart "not shown" reads as nothing."""
    share = privacy.ratio(part, whole)
    if share.hidden != "wide" or not part.floor:
        return share
    return replace(share, text=say("{low} or more members", low=f"{int(part.floor):,}"))


def number_and_share(part: Figure, whole: Figure) -> tuple[Figure, Figure]:
    """A number of which too little is told among fewer, in the words of what is told of it among the `whole`, where its
    share is told: else the share would say what the number does not."""
    share = privacy.ratio(part, whole)
    if part.text != privacy.NOT_SHOWN or share.low is None or not part.ceiling:
        return part, share
    told = between(int(part.floor), int(part.ceiling), int(whole.ceiling or 0))
    return replace(part, text=told.text), share


# --- where they work ------------------------------------------------------------------------------------------


def departments(now: Weeks, then: Weeks) -> Table:
    title = say("Departments")
    columns = _group_columns("department", say("Department"))
    groups, before = _groups(now, publish_departments), _groups(then, publish_departments)
    rows = _group_rows(groups, before, _department)
    if not any(group.name for group in groups):
        return Table("departments", title, columns, (), say("The program names no department."))
    named = [group for group in groups if group.name not in ("", SMALLER)]
    if not named:
        return Table("departments", title, columns, rows)
    count = sum(1 for group in named if group.active_4w.floor >= now.k)
    return Table("departments", title, columns, rows, _active_in(count, len(named), now.k))


def _active_in(count: int, all: int, k: int) -> str:
    if not count:
        return say("Of no department can it be told that at least {k:d} members are active.", k=k)
    return say(
        "Of {count:d} of {all:d} departments it can be told that at least {k:d} members are active."
        if count < all
        else "At least {k:d} members are active in the department."
        if all == 1
        else "At least {k:d} members are active in each of {count:d} departments.",
        count=count,
        all=all,
        k=k,
    )


def roles(now: Weeks, then: Weeks) -> Table:
    columns = _group_columns("role", say("Role"))
    groups, before = _groups(now, publish_roles), _groups(then, publish_roles)
    if not any(group.name for group in groups):
        return Table("roles", say("Roles"), columns, (), say("The program names no role."))
    rows = _group_rows(groups, before, lambda name: ROLES[name] if name else say("No role"))
    return Table("roles", say("Roles"), columns, rows)


def _group_columns(name: str, label: str) -> tuple[Column, ...]:
    return (
        Column(name, label, told=True),
        Column("members", say("Members"), "members"),
        Column("active", say("Active in four weeks"), "members"),
        Column("share", say("Of members"), "percent"),
        Column("before", say("Share before"), "percent"),
        Column("habitual", say("Habitual"), "members"),
    )


def _groups(weeks: Weeks, publish: Callable[[WeekMeasures, People, int], Sequence[Group]]) -> Sequence[Group]:
    if weeks.last is None or weeks.people_last is None:
        return ()
    return publish(weeks.last, weeks.people_last, weeks.k)


def _department(name: str) -> str:
    return SMALLER_DEPARTMENTS if name == SMALLER else name or NO_DEPARTMENT


def _group_rows(
    groups: Sequence[Group], before: Sequence[Group], label: Callable[[str], str]
) -> tuple[tuple[str | Figure, ...], ...]:
    earlier = {group.name: privacy.ratio(group.active_4w, group.members) for group in before}
    return tuple(
        (
            label(group.name),
            group.members,
            group.active_4w,
            privacy.ratio(group.active_4w, group.members),
            earlier.get(group.name) or privacy.missing("percent"),
            group.habitual,
        )
        for group in groups
    )


# --- since when, and how far ----------------------------------------------------------------------------------


def cohorts(source: Source) -> Table:
    """Of the members who came first in a month of four weeks, how many are active so many months later: the newest
    months, the oldest first, after all who had come before. How many came is not told."""
    months = sorted(source.months)[-COHORTS_SHOWN:]
    ages = range(len(months))
    told = {end: publish_cohorts(source.months[end], source.k) for end in months}
    firsts = {end: min(cells, default=0) for end, cells in told.items()}
    first = next((firsts[end] for end in reversed(months) if firsts[end]), 0)
    rows: list[tuple[str | Figure, ...]] = []
    for came in sorted({one for cells in told.values() for one in cells if one >= first}):
        active = {
            (end - came) // (WEEK * MONTH_WEEKS): cells[came]
            for end, cells in told.items()
            if came in cells
            and (came == firsts[end]) is (came == first)
            and end - came < WEEK * MONTH_WEEKS * len(ages)
        }
        if any(figure.floor or figure.value is not None for figure in active.values()):
            last_day = date.fromordinal(came + WEEK - 1).isoformat()
            untold = (_untold_cohort(months, came + WEEK * MONTH_WEEKS * age) for age in ages)
            rows.append((last_day, *(active.get(age) or cell for age, cell in enumerate(untold))))
    columns = (
        Column("last_day", say("First active in the four weeks up to")),
        *(Column(f"month_{age}", say("Month {age:d}", age=age), "members") for age in ages),
    )
    note = say(
        "Members active in the four weeks in which they came first, as month 0, and in those after. The first row is "
        "of all who had come by that day."
    )
    return Table(
        "cohorts",
        say("Who stays, by the four weeks in which they came first"),
        columns,
        tuple(rows),
        note if rows else "",
    )


def _untold_cohort(months: Sequence[int], end: int) -> Figure:
    """Of a month of which nothing is told: it was not measured, or is not over."""
    if end in months:
        return privacy.not_shown("members")
    return (
        replace(privacy.missing("members"), text=NOT_OVER) if end > months[-1] else privacy.missing("members")
    )


def funnels(source: Source, now: Weeks, then: Weeks) -> tuple[Table, ...]:
    columns = (
        Column("step", say("Step")),
        Column("members", say("Members"), "members"),
        Column("share", say("Of those who began"), "percent"),
        Column("step_share", say("Of the step before"), "percent"),
        Column("before", say("Members before"), "members"),
    )
    found = []
    for funnel in source.program.funnels if source.program else ():
        reached = _reached(now, funnel)
        if reached is None or len(reached) != len(funnel.steps):
            continue
        earlier = _reached(then, funnel)
        rows = tuple(
            (
                source.event_name(step),
                figure,
                *_shares_of_way(reached, index),
                earlier[index] if earlier and index < len(earlier) else privacy.missing("members"),
            )
            for index, (step, figure) in enumerate(zip(funnel.steps, reached, strict=True))
        )
        note = say(
            "Members who began in four weeks, up to {weeks:d} weeks before the end of the period, and came this far "
            "within {weeks:d} weeks after the one in which they began.",
            weeks=funnel.weeks,
        )
        title = say("Funnel: {funnel_name}", funnel_name=funnel.name)
        found.append(Table(f"funnel_{funnel.id}", title, columns, rows, note))
    return tuple(found)


def _shares_of_way(reached: Sequence[Figure], step: int) -> tuple[Figure, Figure]:
    """Of those who began, and of the step before. Whoever began is all of those who did, however many these are: that
    is told wherever anything is of how many."""
    if step == 0 and reached[0].floor:
        return (privacy.fact(100.0, "percent"),) * 2
    figure = reached[step]
    return share_or_number(figure, reached[0]), share_or_number(figure, reached[max(0, step - 1)])


def _reached(weeks: Weeks, funnel: Funnel) -> tuple[Figure, ...] | None:
    """None as well where other steps were counted, before the funnel was changed."""
    if weeks.last is None or weeks.people_last is None:
        return None
    if weeks.last.funnel_keys.get(funnel.id, funnel.key) != funnel.key:
        return None
    return publish_funnel(weeks.last, weeks.people_last, funnel.id, weeks.k)


# --- what they have to lose -----------------------------------------------------------------------------------


def moves(now: Weeks, then: Weeks) -> Table:
    columns = (
        Column("what", say("What"), told=True),
        Column("members", say("Members"), "members"),
        Column("before", say("Members before"), "members"),
    )
    title = say("Levels and streaks won and lost")
    if not any(_moves(now)):
        return Table("moves", title, columns, ())
    rows = [(label, _moved(now, name), _moved(then, name)) for name, label in MOVES]
    rows.append((say("Level falls in four weeks unless more is earned"), _falling(now), _falling(then)))
    return Table("moves", title, columns, tuple(rows))


def _moved(weeks: Weeks, name: str) -> Figure:
    """In a mean week, of those in which it was measured."""
    told = [getattr(one, name) for one in _moves(weeks) if one]
    members = [people.members for people in weeks.people if people]
    return mean_band(told, members[-1]) if told else privacy.missing("members")


def _falling(weeks: Weeks) -> Figure:
    return _at_end(weeks, lambda week, people: publish_moves(week, people, weeks.k).falling, "members")


def _moves(weeks: Weeks) -> list[Moves | None]:
    return [
        publish_moves(week, people, weeks.k) if week and people and is_measured(week) else None
        for week, people in zip(weeks.measures, weeks.people, strict=True)
    ]
