"""The adoption report of one company, put together from frozen weeks, scores and contract facts.

Owns what the report says and in which order. Must not know where the weeks are kept, and takes every measure from
`engage.core.published`: no raw count reaches a report.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from msgspec.structs import replace

from engage.core import adoption_people as sections
from engage.core import privacy
from engage.core.adoption_campaigns import campaigns
from engage.core.adoption_champions import champions
from engage.core.adoption_points import balances
from engage.core.calendar import month_end
from engage.core.definitions import DEFINITIONS
from engage.core.drivers import uses_each
from engage.core.language import mark, say
from engage.core.measures import MONTH_WEEKS, WEEK
from engage.core.peers import peers_table
from engage.core.privacy import Figure
from engage.core.profiles import told_profile
from engage.core.published import has_features, publish_feature_events, publish_levels
from engage.core.published_beginners import publish_features
from engage.core.published_stages import publish_stages
from engage.core.report_weeks import Source as Source  # what a report is made from
from engage.core.report_weeks import Weeks, ordinal
from engage.core.reports import (
    Column,
    CompanyReport,
    Comparison,
    Definition,
    Health,
    Period,
    Series,
    Step,
    Table,
)
from engage.core.rounding import in_two_digits

HISTORY_WEEKS: Final = 26
"""How far back the score is drawn, whatever the period."""


def company_report(source: Source, period: Period, before: Period) -> CompanyReport:
    """`period` and `before` as `engage.core.periods.read_period` gives them."""
    now, then = Weeks(source, period), Weeks(source, before)
    return CompanyReport(
        company=source.company,
        name=source.name,
        timezone=source.timezone,
        as_of=period.last,
        period=period,
        before=before,
        k=source.k,
        contract=source.contract,
        health=_with_its_month(source),
        score_history=_score_history(source, ordinal(period.last)),
        funnel=_funnel(source, now),
        summary=_summary(source, now, then),
        activity=_activity(now),
        breadth=_breadth(source, now, then),
        levels=_levels(source, now),
        incentives=(
            Series("organic", say("Organic"), "events", now.labels, now.total("organic", "events")),
            Series(
                "incentivised",
                say("Earned points"),
                "events",
                now.labels,
                now.total("incentivised", "events"),
            ),
        ),
        points=tuple(
            Series(
                currency,
                say("{currency_name} issued", currency_name=name),
                "points",
                now.labels,
                now.issued(currency),
            )
            for currency, name in _currencies(source)
        ),
        notes=_notes(source, now),
        definitions=_definitions(source),
        data_until=source.data_until,
        tier=source.tier,
        rhythm=sections.rhythm(now),
        classes=sections.class_series(now),
        habits=sections.habits(now, then),
        departments=sections.departments(now, then),
        roles=sections.roles(now, then),
        cohorts=sections.cohorts(source),
        funnels=sections.funnels(source, now, then),
        balances=balances(source, now),
        moves=sections.moves(now, then),
        peers=peers_table(
            source.peers,
            source.health,
            source.contract,
            source.k,
            newest=source.data_until == source.health.as_of,
            left=source.stage is not None and source.stage.stage == "churned",
        ),
        care=source.care,
        stage=source.stage,
        stages=_stages(source, now),
        campaigns=campaigns(source, now),
        champions=champions(now, then),
        score_notes=source.score_notes,
    )


def _with_its_month(source: Source) -> Health:
    """The score moves every week, and most of what it reads every fourth only: it says of which weeks that is."""
    health = source.health
    sunday = ordinal(health.as_of)
    counted = month_end(sunday + 1 - WEEK) + WEEK - 1
    if health.score is None or counted == sunday or (source.stage and source.stage.stage == "churned"):
        return health
    note = say(
        "Members, features and days active are counted in the four weeks up to {day}; the next count is of those up "
        "to {next_day}.",
        day=date.fromordinal(counted).isoformat(),
        next_day=date.fromordinal(counted + WEEK * MONTH_WEEKS).isoformat(),
    )
    return replace(health, notes=(*health.notes, note))


def _definitions(source: Source) -> tuple[Definition, ...]:
    by = source.health.profile
    return DEFINITIONS if by is None else (DEFINITIONS[0], told_profile(by), *DEFINITIONS[1:])


def _currencies(source: Source) -> list[tuple[str, str]]:
    if source.program is None:
        return []
    return [(currency, one.name) for currency, one in source.program.currencies.items()]


def _activity(now: Weeks) -> tuple[Series, ...]:
    return (
        Series(
            "active_week",
            say("Active in the week"),
            "members",
            now.labels,
            now.of_people(lambda p: p.active),
        ),
        Series(
            "active_4w",
            say("Active in four weeks"),
            "members",
            now.labels,
            now.of_people(lambda p: p.active_4w),
        ),
    )


def _score_history(source: Source, last: int) -> Series:
    sundays = range(last - WEEK * (HISTORY_WEEKS - 1), last + 1, WEEK)
    return Series(
        "score",
        say("Health score"),
        "score",
        tuple(date.fromordinal(sunday - WEEK + 1).isoformat() for sunday in sundays),
        tuple(privacy.fact(source.scores.get(sunday), "score") for sunday in sundays),
    )


def _funnel(source: Source, now: Weeks) -> tuple[Step, ...]:
    week, people = now.last, now.people_last
    if week is None or people is None:
        return ()
    seats = privacy.fact(source.contract.seats or None, "seats")
    base = people.members if seats.hidden else seats
    levels = publish_levels(week, source.k)
    steps = [
        ("seats", say("Seats"), seats, say("Agreed in the contract.")),
        ("members", say("Members"), people.members, say("Named by the host so far.")),
        ("activated", say("Activated"), people.activated, say("Active at least once.")),
        ("active", say("Active"), people.active_4w, say("Active in four weeks.")),
        ("habitual", say("Habitual"), people.habitual, say("Active in at least 9 of the last 12 weeks.")),
    ]
    if levels:
        steps.append(("level_2", say("Level 2 and up"), levels.upper, say("At the second level or above.")))
    return tuple(
        Step(name, label, figure, privacy.ratio(figure, base), text) for name, label, figure, text in steps
    )


def _summary(source: Source, now: Weeks, then: Weeks) -> tuple[Comparison, ...]:
    pairs: list[tuple[str, str, Figure, Figure]] = []
    for name, label, read in (
        ("active_4w", say("Active members, four weeks"), _active_4w),
        ("active_week", say("Active members per week"), _active_per_week),
        ("events", say("Events per week"), _events_per_week),
        ("organic", say("Organic events per week"), _organic_per_week),
        ("incentivised", say("Events per week that earned points"), _incentivised_per_week),
        ("events_each", say("Events per week and active member"), _events_each),
        ("breadth", say("Key features per active member"), _features_each),
    ):
        pairs.append((name, label, read(now), read(then)))
    pairs += sections.depth(now, then)
    pairs += [
        (
            f"issued_{currency}",
            say("{currency_name} issued per week", currency_name=name),
            _issued_per_week(now, currency),
            _issued_per_week(then, currency),
        )
        for currency, name in _currencies(source)
    ]
    return tuple(
        Comparison(name, label, figure, before, _changed(figure, before))
        for name, label, figure, before in pairs
    )


def _changed(figure: Figure, before: Figure) -> Figure:
    """A share of a share says little: of percentages the difference."""
    return (privacy.difference if figure.unit == "percent" else privacy.change)(figure, before)


def _active_4w(weeks: Weeks) -> Figure:
    return weeks.people_last.active_4w if weeks.people_last else privacy.missing("members")


def _active_per_week(weeks: Weeks) -> Figure:
    return privacy.mean(weeks.of_people(lambda people: people.active), "members")


def _events_per_week(weeks: Weeks) -> Figure:
    return privacy.mean(weeks.total("events", "events"), "events")


def _organic_per_week(weeks: Weeks) -> Figure:
    return privacy.mean(weeks.total("organic", "events"), "events")


def _incentivised_per_week(weeks: Weeks) -> Figure:
    return privacy.mean(weeks.total("incentivised", "events"), "events")


def _events_each(weeks: Weeks) -> Figure:
    return privacy.ratio(_events_per_week(weeks), _active_per_week(weeks), "each")


def _issued_per_week(weeks: Weeks, currency: str) -> Figure:
    """No more exact than what is told to have been issued in all."""
    return in_two_digits(privacy.mean(weeks.issued(currency), "points"), 2)


def _features_each(weeks: Weeks) -> Figure:
    if weeks.last is None or weeks.people_last is None or not has_features(weeks.last):
        return privacy.missing("each")
    active = weeks.people_last.active_4w
    features = publish_features(weeks.last, weeks.k, active)
    known = privacy.ratio(features.uses, active, "each")
    if known.text != privacy.NOT_SHOWN or active.floor < weeks.k:
        return known
    about = uses_each(features, weeks.people_last, weeks.k)
    if about is None:
        return known
    return Figure(say("about {figure}", figure=f"{about[0]:g}"), "each", hidden="protects")


def _breadth(source: Source, now: Weeks, then: Weeks) -> Table:
    """Most used first; among the hidden ones by name, for their order would tell them apart."""
    columns = (
        Column("feature", say("Feature")),
        Column("members", say("Members, four weeks"), "members"),
        Column("share", say("Of active members"), "percent"),
        Column("before", say("Members before"), "members"),
        Column("events", say("Events in the period"), "events"),
        Column("rewarded", say("Earns points"), told=True),
    )
    title = say("Key features in use")
    if now.last is None or now.people_last is None:
        return Table("breadth", title, columns, (), say("No measures for this period."))
    active = now.people_last.active_4w
    used = publish_features(now.last, source.k, active).members
    earlier: Mapping[str, Figure] = {}
    if then.last is not None and then.people_last is not None:
        earlier = publish_features(then.last, source.k, then.people_last.active_4w).members
    events: dict[str, list[Figure]] = {name: [] for name in used}
    rewarded = {rule.trigger for rule in source.program.rules} if source.program else set()
    for week in now.measures:
        shown = publish_feature_events(week, source.k) if week else {}
        for name in used:
            events[name].append(shown.get(name) or privacy.missing("events"))
    order = sorted(used, key=lambda name: (-used[name].floor, source.event_name(name)))
    rows = tuple(
        (
            source.event_name(name),
            used[name],
            sections.share_or_number(used[name], active),
            earlier.get(name) or privacy.missing("members"),
            privacy.total(events[name], "events"),
            say("By a rule") if name in rewarded else say("Organic only"),
        )
        for name in order
    )
    return Table("breadth", title, columns, rows)


def _levels(source: Source, now: Weeks) -> Table:
    columns = (
        Column("level", say("Level"), told=True),
        Column("members", say("Members"), "members"),
        Column("share", say("Of members"), "percent"),
    )
    levels = publish_levels(now.last, source.k) if now.last else None
    if levels is None or now.people_last is None:
        return Table(
            "levels", say("Levels"), columns, (), say("The program has no levels.") if now.last else ""
        )
    steps = source.program.levels.steps if source.program and source.program.levels else ()
    names = {step.id: step.name for step in steps}
    members = now.people_last.members
    rows = tuple(
        (names.get(level, level) if level else say("No level"), figure, privacy.ratio(figure, members))
        for level, figure in levels.members
    )
    return Table("levels", say("Levels"), columns, rows)


def _stages(source: Source, now: Weeks) -> Table | None:
    """None: the newest week was frozen before it was remembered what stages are told of it."""
    rows = publish_stages(now.last, source.k) if now.last else []
    if not rows or now.people_last is None:
        return None
    columns = (
        Column("stage", say("Stage"), told=True),
        Column("members", say("Members"), "members"),
        Column("share", say("Of members"), "percent"),
    )
    members = now.people_last.members
    return Table(
        "stages",
        say("Stages of members"),
        columns,
        tuple((say(_STAGES[stage]), *sections.number_and_share(figure, members)) for stage, figure in rows),
    )


_STAGES: Final[Mapping[str, str]] = {
    "invited": mark("Invited"),
    "new": mark("Newly active"),
    "active": mark("Active"),
    "habitual": mark("Habitual"),
    "slipping": mark("Slipping"),
    "dormant": mark("Dormant"),
    "left": mark("Has left"),
}


def _notes(source: Source, now: Weeks) -> tuple[str, ...]:
    notes = [
        say(
            "Figures are for groups of at least {k:d} members; smaller groups, what remains of a group when fewer "
            "than {k:d} are left, and figures that would give these away are not shown.",
            k=source.k,
        ),
        say(
            "All figures are for whole weeks, Monday to Sunday in the company's time zone, frozen when the week is "
            "over."
        ),
    ]
    if source.data_until:
        notes.insert(0, say("Data until {day}, the end of the last week measured.", day=source.data_until))
    absent, weeks = sum(1 for week in now.measures if week is None), len(now.measures)
    if source.first_over:
        notes.append(
            say(
                "No week is measured yet. The first can be the one that ends on {day}; those of an imported history "
                "are measured with the next scoring.",
                day=source.first_over,
            )
        )
    elif absent == weeks:
        notes.append(say("No week of the period has measures."))
    elif absent:
        notes.append(
            say("1 of the {weeks:d} weeks has no measures.", weeks=weeks)
            if absent == 1
            else say("{count:d} of the {weeks:d} weeks have no measures.", count=absent, weeks=weeks)
        )
    if source.program is None:
        notes.append(say("No program is published: every event counts as a feature."))
    return tuple(notes)
