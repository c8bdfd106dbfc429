"""Goals, what was done, and the service promised, as sections; see `engage.core.outline`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engage.core.care_shapes import DoneView, GoalView, StageView, Standing
from engage.core.language import mark, say
from engage.core.outline import Row, Section, tabled
from engage.core.plans import IN_PERCENT
from engage.core.privacy import Figure, Unit, fact, missing, not_shown
from engage.core.reports import Column, CompanyReport

STANDINGS: Final[Mapping[Standing, str]] = {
    "reached": mark("reached"),
    "on_track": mark("on track"),
    "behind": mark("behind"),
    "missed": mark("missed"),
    "dropped": mark("dropped"),
    "not_known": mark("not known"),
    "in_range": mark("cannot be told: the target lies within the range"),
}


def care_sections(report: CompanyReport) -> tuple[Section, ...]:
    """Those of which the report holds something."""
    care = report.care
    found: list[Section | None] = [_tier(report)]
    if care is not None:
        found += [_goals(care.goals), _stages(care.goals), _adjusted(care.goals), _done(care.interventions)]
        if care.sentiment is not None:
            felt = care.sentiment
            words = say(
                "Sentiment until {day_name}, says {actor_name}: {feeling}",
                day_name=felt.until,
                actor_name=felt.actor,
                feeling=felt.feeling,
            )
            notes = (words, felt.note) if felt.note else (words,)
            found.append(Section("sentiment", say("Sentiment"), notes=notes))
    return tuple(section for section in found if section is not None)


def now_of(goal: GoalView) -> Figure:
    """The measure as it stands, in words where only a range may be told."""
    if goal.value is not None:
        return _measured(goal, goal.value)
    if goal.low is None or goal.high is None:
        return missing("each")
    unit: Unit = "percent" if goal.measure in IN_PERCENT else "each"
    low, high = (fact(round(end, 1), unit).text for end in (goal.low, goal.high))
    text = say("about {figure}", figure=low) if low == high else say("{low} to {high}", low=low, high=high)
    return Figure(text, unit, hidden="few", low=goal.low, high=goal.high)


def _measured(goal: GoalView, value: float) -> Figure:
    """A value of the goal's measure, a share in percent."""
    value = round(value, 1)
    if goal.measure not in IN_PERCENT:
        return fact(value, "each")
    whole = value == int(value)
    return Figure(
        say("{share:.0f} %", share=value) if whole else say("{share:.1f} %", share=value), "percent", value
    )


def _share(goal: GoalView) -> Figure:
    if goal.progress is None:
        is_range = goal.value is None and goal.low is not None
        return not_shown("percent") if is_range else missing("percent")
    known = fact(min(100.0, max(0.0, round(100 * goal.progress, 1))), "percent")
    if not goal.about:
        return known
    return Figure(say("about {figure}", figure=known.text), "percent", known.value)


def _goals(goals: tuple[GoalView, ...]) -> Section | None:
    if not goals:
        return None
    columns = (
        Column("goal", say("Goal")),
        Column("measure", say("Measure"), told=True),
        Column("now", say("Now"), "each"),
        Column("target", say("Target"), "each"),
        Column("progress", say("Of the way"), "percent"),
        Column("by", say("By")),
        Column("standing", say("Standing"), told=True),
        Column("owner", say("Owner")),
    )
    rows: tuple[Row, ...] = tuple(
        (
            one.name,
            one.label,
            now_of(one),
            _measured(one, one.target),
            _share(one),
            one.by,
            STANDINGS[one.standing],
            one.owner,
        )
        for one in goals
    )
    title = say("Goals")
    open_goals = [one for one in goals if one.standing != "dropped"]
    late = sum(one.standing in ("behind", "missed") for one in open_goals)
    message = ""
    if late and len(open_goals) == 1:
        message = say("The goal is behind" if open_goals[0].standing == "behind" else "The goal was missed")
    elif late:
        message = say("{late:d} of {count:d} goals are behind or missed", late=late, count=len(open_goals))
    return tabled("goals", title, columns, rows, message)


def _stages(goals: tuple[GoalView, ...]) -> Section | None:
    rows = tuple(
        (goal.name, stage.by, _measured(goal, stage.target), stage.name or "–", *_accepted(stage))
        for goal in goals
        for stage in goal.stages
    )
    if not rows:
        return None
    columns = (
        Column("goal", say("Goal")),
        Column("by", say("By")),
        Column("target", say("Target"), "each"),
        Column("stage", say("Stage")),
        Column("standing", say("Standing"), told=True),
        Column("who", say("Accepted by")),
        Column("note", say("Note")),
    )
    known = [index for index in range(len(columns)) if any(row[index] != "–" for row in rows)]
    title = say("Stages of goals")
    return tabled(
        "goal_stages",
        title,
        [columns[index] for index in known],
        [tuple(row[index] for index in known) for row in rows],
    )


def _accepted(stage: StageView) -> tuple[str, str, str]:
    if stage.accepted_by:
        return say("Accepted"), f"{stage.accepted_by}, {stage.accepted_on}", stage.note or "–"
    return say("Due") if stage.standing == "due" else say("To come"), "–", "–"


def _adjusted(goals: tuple[GoalView, ...]) -> Section | None:
    rows = tuple(
        (goal.name, change.at[:10], change.text, change.reason, change.actor)
        for goal in goals
        for change in goal.changes
    )
    if not rows:
        return None
    columns = (
        Column("goal", say("Goal")),
        Column("day", say("Day")),
        Column("what", say("What was adjusted"), told=True),
        Column("reason", say("Why")),
        Column("actor", say("By whom")),
    )
    title = say("What was adjusted of goals")
    return tabled("goal_changes", title, columns, rows)


def _done(done: tuple[DoneView, ...]) -> Section | None:
    if not done:
        return None
    columns = (
        Column("day", say("Day")),
        Column("what", say("What was done")),
        Column("actor", say("By whom")),
        Column("before", say("Score before"), "score"),
        Column("after_4w", say("4 weeks after"), "score"),
        Column("after_13w", say("13 weeks after"), "score"),
    )
    rows: tuple[Row, ...] = tuple(
        (one.day, one.what, one.actor, _score(one.before), _score(one.after_4w), _score(one.after_13w))
        for one in done
    )
    title = say("What was done")
    return tabled("interventions", title, columns, rows)


def _score(value: int | None) -> Figure:
    unit: Unit = "score"
    return Figure("–", unit, hidden="missing") if value is None else fact(value, unit)


def _tier(report: CompanyReport) -> Section | None:
    tier = report.tier
    if tier is None:
        return None
    title = say("Service in tier {tier_name}", tier_name=tier.name)
    notes = tuple(
        say("For the tier {tier_name} it lacks {what}.", tier_name=tier.above, what=one)
        for one in tier.lacking
    )
    if not tier.benefits:
        return Section("tier", title, notes=(*notes, say("The tier has no service benefits.")))
    columns = (Column("service", say("Service")), Column("promised", say("Promised")))
    return tabled("tier", title, columns, tuple(tier.benefits.items()), notes=notes)
