"""Goals, interventions, sentiment and exceptions: keeping them with who said so, and how they stand.

Owns the transactions and what is refused. Reads published figures only: a goal's value is that of the newest score.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from engage.actions.effects import Judge, all_together, done_as, keep_effect, not_withdrawn
from engage.actions.late_goals import keep_late_goals
from engage.actions.report import goals_of, newest_standing
from engage.core.calendar import to_rfc3339
from engage.core.care import (
    CHANGES_MAX,
    EXCEPTION_DAYS_MAX,
    SENTIMENT_DAYS_MAX,
    STAGES_MAX,
    Ceiling,
    Change,
    Goal,
    Intervention,
    Sentiment,
    Stage,
    in_force,
)
from engage.core.care_shapes import Compared, GoalView
from engage.core.language import say
from engage.core.plans import MEASURES, MOST, NAMES, held_out, measured
from engage.days import read_day
from engage.errors import Conflict, InvalidRequest, NotFound
from engage.store.care import forget_elsewhere, load_care, save_care
from engage.store.companies import find_company, load_company_ids
from engage.store.database import Database
from engage.store.scope import EVERY_COMPANY
from engage.store.statements import Statements, Transaction

COMPANIES_MAX: Final = 10_000
GOALS_MAX: Final = 100
CEILINGS_MAX: Final = 100
CURRENT: Final = "current"
ADJUSTED: Final = say("The goal was adjusted since you opened the page. Please look at it again.")


class WantedGoal(Struct, frozen=True):
    """A goal as it is asked for: what it is from now on."""

    name: str
    measure: str
    target: float
    by: str
    owner: str
    stages: tuple[Stage, ...] = ()
    dropped: bool = False
    start: str = ""
    """The day it was agreed on, where that was before it was told here; else it is today, or stays what it is."""


class Adjustment(Struct, frozen=True):
    """What a page can adjust of a goal; its stages stay as they are."""

    name: str
    target: float
    by: str
    owner: str
    dropped: bool = False


# --- goals --------------------------------------------------------------------------------------------------


async def set_goal(
    database: Database, company: str, id: str, wanted: WantedGoal, *, actor: str, reason: str, now: int
) -> GoalView:
    """Set a goal, or adjust it: what was adjusted is kept with `reason`, which then may not be empty."""
    today = to_rfc3339(now)[:10]
    _check(wanted, today)

    async def work(tx: Transaction) -> int:
        company_id = await find_company(tx, company)
        known = (await load_care(tx, Goal, [company_id])).get(company_id, {})
        before = known.get(id)
        _check_targets(wanted, before)
        if before is None:
            if len(known) >= GOALS_MAX:
                raise InvalidRequest(f"a company has at most {GOALS_MAX} goals")
            start = wanted.start or today
            _check_end(wanted, start)
            then = measured(wanted.measure, *await newest_standing(tx, company_id, date.fromisoformat(start)))
            goal = Goal(
                id,
                wanted.name,
                wanted.measure,
                wanted.target,
                wanted.by,
                wanted.owner,
                start,
                then.estimate,
                wanted.stages,
                start_about=then.value is None and then.estimate is not None,
            )
        else:
            goal = _adjusted(before, wanted, actor, reason, now)
        if goal != before:
            await save_care(tx, id, {company_id: goal})
        return company_id

    return await _saved(database, company, id, work)


async def adjust_goal(
    database: Database,
    company: str,
    id: str,
    wanted: Adjustment,
    *,
    actor: str,
    reason: str,
    seen: str,
    now: int,
) -> GoalView:
    """Adjust a goal, drop it or take it up again, by somebody who saw it as it was after its last change, `seen`; the
    same again changes nothing. Raises NotFound, InvalidRequest, and Conflict where it was adjusted since."""

    async def work(tx: Transaction) -> int:
        company_id = await find_company(tx, company)
        before = (await load_care(tx, Goal, [company_id])).get(company_id, {}).get(id)
        if before is None:
            raise NotFound(say("There is no such goal."))
        whole = WantedGoal(
            wanted.name,
            before.measure,
            wanted.target,
            wanted.by,
            wanted.owner,
            before.stages,
            wanted.dropped,
        )
        after = _adjusted(before, whole, actor, reason, now)
        if after == before:
            return company_id
        last = before.changes[-1].at if before.changes else None
        if seen != (to_rfc3339(last) if last is not None else ""):
            raise Conflict(ADJUSTED)
        _check(whole, to_rfc3339(now)[:10])
        _check_targets(whole, before)
        await save_care(tx, id, {company_id: after})
        return company_id

    return await _saved(database, company, id, work)


def _check_end(wanted: WantedGoal, start: str) -> None:
    if wanted.by <= start:
        raise InvalidRequest(say("by: must be after {day_name}, when the goal starts", day_name=start))


def _check(wanted: WantedGoal, today: str) -> None:
    if wanted.measure not in MEASURES:
        raise InvalidRequest(f"measure: must be one of {', '.join(MEASURES)}")
    read_day("by", wanted.by)
    if wanted.start and read_day("start", wanted.start).isoformat() > today:
        raise InvalidRequest("start: must not be in the future")
    if len(wanted.stages) > STAGES_MAX:
        raise InvalidRequest(f"stages: at most {STAGES_MAX}")
    for index, stage in enumerate(wanted.stages):
        read_day(f"stages[{index}].by", stage.by)
    days = [stage.by for stage in wanted.stages]
    if days != sorted(set(days)) or (days and days[-1] > wanted.by):
        raise InvalidRequest(
            say("stages: each must be later than the one before, and none after the goal's own day")
        )


def _check_targets(wanted: WantedGoal, before: Goal | None) -> None:
    """What was agreed on stays: a goal that asks for too much can still be dropped."""
    agreed = () if before is None else (before.target, *(one.target for one in before.stages))
    targets = {"target": wanted.target}
    targets |= {f"stages[{index}].target": one.target for index, one in enumerate(wanted.stages)}
    most = MOST.get(wanted.measure)
    for field, target in targets.items():
        if target in agreed:
            continue
        if target < 0:
            raise InvalidRequest(say("{field_name}: must not be below 0", field_name=field))
        if most is not None and target > most:
            raise InvalidRequest(
                say(
                    "{field_name}: {measure} goes from 0 to {most:g}, so {target:,} cannot be reached",
                    field_name=field,
                    measure=NAMES[wanted.measure],
                    most=most,
                    target=_plain(target),
                )
            )


def _adjusted(before: Goal, wanted: WantedGoal, actor: str, reason: str, now: int) -> Goal:
    """A stage that stays as it was stays accepted."""
    if wanted.measure != before.measure:
        raise Conflict("a goal keeps its measure: set another goal")
    if wanted.start not in ("", before.start):
        raise Conflict("a goal keeps the day on which it started: set another goal")
    _check_end(wanted, before.start)
    plain = {(one.by, one.target): one for one in before.stages}
    stages = tuple(
        replace(plain[one.by, one.target], name=one.name) if (one.by, one.target) in plain else one
        for one in wanted.stages
    )
    after = replace(
        before,
        name=wanted.name,
        target=wanted.target,
        by=wanted.by,
        owner=wanted.owner,
        stages=stages,
        dropped=wanted.dropped,
    )
    changed = _changed(before, after)
    if [(one.by, one.target) for one in before.stages] != [(one.by, one.target) for one in stages]:
        was, now_are = (_told(of) for of in (before.stages, stages))
        changed.append(say("stages from {was_list} to {now_list}", was_list=was, now_list=now_are))
    if not changed:
        return after
    if not reason:
        raise InvalidRequest(say("reason: say why the goal is adjusted"))
    changes = [Change(now, actor, text, reason) for text in changed]
    return replace(after, changes=(*before.changes, *changes)[-CHANGES_MAX:])


def _changed(before: Goal, after: Goal) -> list[str]:
    found = []
    if before.name != after.name:
        found.append(say("name from {was_name} to {now_name}", was_name=before.name, now_name=after.name))
    if before.target != after.target:
        was, now = _plain(before.target), _plain(after.target)
        found.append(say("target from {was:,} to {now:,}", was=was, now=now))
    if before.by != after.by:
        found.append(say("by {was_name}, now by {now_name}", was_name=before.by, now_name=after.by))
    if before.owner != after.owner:
        found.append(say("owner was {was_name}, now {now_name}", was_name=before.owner, now_name=after.owner))
    if before.dropped != after.dropped:
        found.append(say("dropped") if after.dropped else say("taken up again"))
    return found


def _told(stages: Sequence[Stage]) -> str:
    told = [say("{target:,} by {day_name}", target=_plain(one.target), day_name=one.by) for one in stages]
    return ", ".join(told) or say("none")


def _plain(target: float) -> float:
    """80, not 80.0."""
    return int(target) if target.is_integer() else target


async def accept_stage(
    database: Database, company: str, id: str, stage: int, *, actor: str, note: str, now: int, by: str = ""
) -> GoalView:
    """Somebody says that a stage (from 0) is done. Once; again by the same changes nothing. `by`: its day, as it was
    seen. Raises NotFound, and Conflict where somebody else accepted it, or its day is another by now."""

    async def work(tx: Transaction) -> int:
        company_id = await find_company(tx, company)
        goal = (await load_care(tx, Goal, [company_id])).get(company_id, {}).get(id)
        if goal is None or not 0 <= stage < len(goal.stages):
            raise NotFound("there is no such stage of a goal")
        found = goal.stages[stage]
        if by not in ("", found.by):
            raise Conflict(ADJUSTED)
        if found.accepted_by and found.accepted_by != actor:
            raise Conflict(
                say(
                    "{actor_name} accepted the stage on {day_name}",
                    actor_name=found.accepted_by,
                    day_name=found.accepted_on,
                )
            )
        if not found.accepted_by:
            done = replace(found, accepted_by=actor, accepted_on=to_rfc3339(now)[:10], note=note)
            stages = (*goal.stages[:stage], done, *goal.stages[stage + 1 :])
            await save_care(tx, id, {company_id: replace(goal, stages=stages)})
        return company_id

    return await _saved(database, company, id, work)


async def _saved(
    database: Database, company: str, id: str, work: Callable[[Transaction], Awaitable[int]]
) -> GoalView:
    """The goal as it stands after `work`, which says whose it is."""
    await keep_late_goals(database, await database.write(work))
    return next(one for one in await company_goals(database, company) if one.id == id)


async def company_goals(database: Database, company: str) -> tuple[GoalView, ...]:
    """As they stand by the newest score. Raises NotFound."""
    async with database.read() as s:
        company_id = await find_company(s, company)
        goals = (await load_care(s, Goal, [company_id])).get(company_id, {})
        health, contract = await newest_standing(s, company_id)
    return goals_of(goals, health, contract)


# --- sentiment and exceptions ---------------------------------------------------------------------------------


async def set_sentiment(database: Database, company: str, sentiment: Sentiment) -> Sentiment:
    """From its day on. It takes effect with the next score. Raises InvalidRequest for one that lasts too long."""
    _check_span(sentiment.said, sentiment.until, SENTIMENT_DAYS_MAX)

    async def work(tx: Transaction) -> None:
        await save_care(tx, CURRENT, {await find_company(tx, company): sentiment})

    await database.write(work)
    return sentiment


async def company_sentiment(database: Database, company: str, day: str) -> Sentiment | None:
    """What is felt on a day; nothing, once it has expired. Raises NotFound."""
    async with database.read() as s:
        company_id = await find_company(s, company)
        kept = (await load_care(s, Sentiment, [company_id])).get(company_id, {}).get(CURRENT)
    return kept if kept is not None and in_force(kept.said, kept.until, day) else None


async def set_ceiling(database: Database, company: str, ceiling: Ceiling) -> Ceiling:
    """An exception, by its id; one that ends on the day it begins is none any more."""
    _check_span(ceiling.since, ceiling.until, EXCEPTION_DAYS_MAX)

    async def work(tx: Transaction) -> Ceiling:
        company_id = await find_company(tx, company)
        known = (await load_care(tx, Ceiling, [company_id])).get(company_id, {})
        if len(known) >= CEILINGS_MAX and ceiling.id not in known:
            raise InvalidRequest(f"a company has at most {CEILINGS_MAX} exceptions")
        before = known.get(ceiling.id)
        # It was in force since it was first said, whatever is said of it now.
        kept = replace(ceiling, since=before.since) if before else ceiling
        await save_care(tx, ceiling.id, {company_id: kept})
        return kept

    return await database.write(work)


async def company_ceilings(database: Database, company: str) -> tuple[Ceiling, ...]:
    """Past ones too. Raises NotFound."""
    async with database.read() as s:
        company_id = await find_company(s, company)
        return tuple((await load_care(s, Ceiling, [company_id])).get(company_id, {}).values())


def _check_span(first: str, until: str, most: int) -> None:
    read_day("until", until)
    if until < first:
        raise InvalidRequest("until: must not be in the past")
    if date.fromisoformat(until) - date.fromisoformat(first) > timedelta(days=most):
        raise InvalidRequest(f"until: at most {most} days from now")


# --- interventions --------------------------------------------------------------------------------------------


async def set_intervention(
    database: Database, intervention: Intervention, share: float = 0.0, reason: str = "", again: str = ""
) -> Intervention:
    """What was done, for which companies. Of these `share` are held out, drawn by chance. The same id again corrects
    it: what was corrected is kept with `reason`, which then may not be empty, and who said it first stays. `again` is
    the reason for one that was withdrawn. Raises InvalidRequest."""
    read_day("day", intervention.day)
    wanted = tuple(sorted(set(intervention.companies)))
    if not 0 < len(wanted) <= COMPANIES_MAX:
        raise InvalidRequest(f"companies: name 1 to {COMPANIES_MAX:,}")
    without = held_out(intervention.id, wanted, share)
    if share and not without:
        raise InvalidRequest("hold_out: of fewer than three companies none can be held out")
    kept = replace(
        intervention,
        companies=tuple(one for one in wanted if one not in without),
        held_out=tuple(one for one in wanted if one in without),
    )

    async def work(tx: Transaction) -> Intervention:
        ids = await load_company_ids(tx, wanted)
        strangers = [company for company in wanted if company not in ids]
        if strangers:
            raise InvalidRequest(f"companies: {strangers[0]!r} is not known")
        before = await _logged(tx, kept.id)
        after = (
            kept
            if before is None
            else _corrected(before, kept, reason or (again if before.withdrawn else ""))
        )
        if after != before:
            await _save(tx, after, ids)
        return after

    after = await database.write(work)
    await keep_effect(database, kept.id)
    return after


async def withdraw_intervention(
    database: Database, id: str, *, actor: str, reason: str, now: int
) -> Intervention:
    """It did not happen, or not so: it is judged no more. What was said stays, with who withdrew it and why; the same
    id can be logged again. Raises NotFound and InvalidRequest."""
    if not reason:
        raise InvalidRequest("reason: say why it is withdrawn")

    async def work(tx: Transaction) -> Intervention:
        before = await _logged(tx, id)
        if before is None:
            raise NotFound("there is no such intervention")
        if before.withdrawn:
            return before
        change = Change(now, actor, say("withdrawn"), reason)
        after = replace(before, withdrawn=True, changes=(*before.changes, change)[-CHANGES_MAX:])
        await _save(tx, after, await load_company_ids(tx, (*after.companies, *after.held_out)))
        return after

    after = await database.write(work)
    await keep_effect(database, id)
    return after


async def _logged(s: Statements, id: str) -> Intervention | None:
    return done_as(await load_care(s, Intervention, EVERY_COMPANY), id)


async def _save(tx: Transaction, whole: Intervention, ids: Mapping[str, int]) -> None:
    """Each company's row names it alone: no row grows with the number of companies."""
    await forget_elsewhere(tx, Intervention, whole.id)
    rows = {
        id: replace(whole, companies=(), held_out=(name,))
        if name in whole.held_out
        else replace(whole, companies=(name,), held_out=())
        for name, id in ids.items()
    }
    await save_care(tx, whole.id, rows)


def _corrected(before: Intervention, said: Intervention, reason: str) -> Intervention:
    """What was said first stays said first: by whom and when it was logged."""
    said = replace(said, companies=tuple(sorted(said.companies)), held_out=tuple(sorted(said.held_out)))
    found = []
    if before.withdrawn:
        found.append(say("logged again"))
    if before.what != said.what:
        found.append(say("what was {was_name}, now {now_name}", was_name=before.what, now_name=said.what))
    if before.day != said.day:
        found.append(say("day was {was_name}, now {now_name}", was_name=before.day, now_name=said.day))
    if (before.companies, before.held_out) != (said.companies, said.held_out):
        now, now_out = len(said.companies), len(said.held_out)
        if (now, now_out) == (len(before.companies), len(before.held_out)):
            found.append(say("now other companies, as many as before"))
        else:
            found.append(
                say(
                    "companies were {was:d} and {was_out:d} held out, now {now:d} and {now_out:d}",
                    was=len(before.companies),
                    was_out=len(before.held_out),
                    now=now,
                    now_out=now_out,
                )
            )
    if not found:
        return before
    if not reason:
        raise InvalidRequest("reason: say why the intervention is corrected")
    changes = [Change(said.recorded_at, said.actor, text, reason) for text in found]
    return replace(
        before,
        what=said.what,
        day=said.day,
        companies=said.companies,
        held_out=said.held_out,
        changes=(*before.changes, *changes)[-CHANGES_MAX:],
        withdrawn=False,
    )


async def all_interventions(database: Database) -> tuple[Intervention, ...]:
    """The newest first, those that were withdrawn too."""
    async with database.read() as s:
        return tuple(all_together(await load_care(s, Intervention, EVERY_COMPANY)))


async def judge_intervention(database: Database, id: str) -> tuple[Intervention, tuple[Compared, ...]]:
    """It, and scores before and after beside those of companies without; none of one withdrawn. Raises NotFound."""
    async with database.read() as s:
        done = await load_care(s, Intervention, EVERY_COMPANY)
        whole = done_as(done, id)
        if whole is None:
            raise NotFound("there is no such intervention")
        if whole.withdrawn:
            return whole, ()
        return whole, await Judge(s, not_withdrawn(done)).compared(id, whole.day)
