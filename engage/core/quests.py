"""Quests: how far a member has come toward their goals, and what is completed by that.

Owns the meaning of goals together, periods, tiers and prerequisites, and the exact opposite of what an event counted.
What completing brings is for the rules of that occasion. Must not know events: `engage.core.goals` says what counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final

from engage.core.calendar import month_of, quarter_of, week_of, year_of
from engage.core.course import Course
from engage.core.decisions import Advance
from engage.core.goals import Gain, QuestPlan, standing, target, tier_occasion
from engage.core.holdouts import is_held_out
from engage.core.occasions import QUEST, Occasion
from engage.core.program import Program, Quest, Repeats
from engage.core.state import AMOUNT_MAX, Progress, Quested

WINDOWS_KEPT: Final = 64
"""Periods of one quest. What is older than the oldest kept counts no more."""
LAPS_MAX: Final = 10
"""How often one event can complete a quest that repeats; what is beyond counts with the next."""
PAST_LAPS_MAX: Final = 1000
SILENT_LAPS_MAX: Final = 100_000
"""And how often all that happened before its launch can."""
UNITS_SHARED_MAX: Final = 255
"""Up to here members stand at the same numbers often enough."""
PERIOD_DAYS_MAX: Final = {
    "once": 0,
    "always": 0,
    "day": 1,
    "week": 7,
    "month": 31,
    "quarter": 92,
    "year": 366,
}


@lru_cache(maxsize=4096)
def period_start(repeats: Repeats, day: int) -> int:
    """The first day of the period in which a local day lies; 0 for a quest without periods."""
    if repeats == "day":
        return day
    if repeats == "week":
        return week_of(day)
    if repeats == "month":
        return month_of(day)
    if repeats == "quarter":
        return quarter_of(day)
    return year_of(day) if repeats == "year" else 0


def advance(course: Course, number: int, gains: Sequence[Gain]) -> None:
    """Add to the goals of quest number `number`, as far as it is open to the member and not completed yet."""
    plan, day = course.program.quests[number], course.day
    quest = plan.quest
    if day < quest.first_day or 0 < quest.last_day < day or quest.campaign in course.company.campaigns:
        return  # it is not its time, or its campaign is paused or was ended
    if plan.holdout and is_held_out(quest.campaign, plan.holdout, course.entry.member):
        return
    if plan.requires and not _has_required(course, quest, course.member.quests.get):  # as of before the event
        return
    start = period_start(quest.repeats, day)
    if not (plan.asked and len(gains) == 1 and _comes_closer(course, number, start, gains[0])):
        _advance(course, number, start, (gains,), LAPS_MAX, tell=True)


def _comes_closer(course: Course, number: int, start: int, gain: Gain) -> bool:
    """What `_advance` does, where nearly every event of a quest with a number for its goal adds to that and completes
    nothing. False when there is more to it: then nothing is done."""
    plan, amount = course.program.quests[number], gain[2]
    id = plan.quest.id
    quested = course.quests.get(id) or course.member.quests.get(id)
    stands = reached = times = 0
    if quested is not None:
        times, progress = quested.times, quested.windows.get(start)
        if progress is not None and len(quested.windows) == 1 == len(progress.goals):
            reached, tally = progress.reached, progress.goals[0]
            if reached >= len(plan.asked):
                return True
            stands = tally.get(0, 0)
            if stands < 0 or len(tally) != (stands > 0):
                return False  # more than its goal asks was taken back, or it asked for something else once
        elif quested.windows:
            return False
    units = stands + amount
    if amount < 1 or units >= plan.asked[reached] or units > AMOUNT_MAX:
        return False
    one = _shared if units <= UNITS_SHARED_MAX else _standing_at
    course.quests[id] = one(start, units, reached, times)
    course.advances.append(Advance(number, (gain,)))
    return True


def _standing_at(start: int, units: int, reached: int, times: int) -> Quested:
    return Quested({start: Progress([{0: units}], reached)}, times)


_shared: Final = lru_cache(maxsize=4096)(_standing_at)
"""One object for all members who stand there: thousands of them are kept in memory, and written with each event."""


def push(course: Course, number: int, by: int) -> None:
    """Advance quest number `number`, which has one goal, as a rule says."""
    advance(course, number, [(0, 0, target(course.program.program.quests[number].goals[0], by))])


def count_past(course: Course, number: int, start: int, events: Sequence[Sequence[Gain]]) -> None:
    """Add what happened in the period that began on `start`, before quest number `number` was launched, event by event
    where that makes a difference. Who lacks what it requires when that is counted begins at nothing."""
    plan = course.program.quests[number]
    quest = plan.quest
    if is_held_out(quest.campaign, plan.holdout, course.entry.member):
        return
    if _has_required(course, quest, course.quest):  # what the past completes of others counts
        laps = SILENT_LAPS_MAX if quest.silently else PAST_LAPS_MAX
        steps = events if in_order(quest) else [[gain for gains in events for gain in gains]]
        _advance(course, number, start, steps, laps, tell=not quest.silently)


def in_order(quest: Quest) -> bool:
    """Whether the order in which events came makes a difference: what counts then depends on what was completed."""
    forgetful = quest.repeats == "always" and any(goal.distinct is not None for goal in quest.goals)
    return quest.join == "in_order" or forgetful


def _advance(
    course: Course, number: int, start: int, steps: Iterable[Iterable[Gain]], laps: int, *, tell: bool
) -> None:
    """Add some gains after the other, and see after each of these steps what they complete."""
    plan = course.program.quests[number]
    quest = plan.quest
    tiers = len(quest.tiers)
    quested = course.quest(quest.id)
    before = quested.windows.get(start)
    if before is None:
        if len(quested.windows) >= WINDOWS_KEPT and start < min(quested.windows):
            return
        before = Progress([])
    reached, times = before.reached, 0
    if reached >= tiers:
        return
    goals = _fitted(before.goals, len(quest.goals))
    changes: list[Gain] = []
    for gains in steps:
        counted = [change for gain in gains if (change := _counted(plan, goals, gain)) is not None]
        if not counted or reached >= tiers:
            continue
        changes += counted
        if _tiers_reached(plan, goals, reached):
            done = _complete(course, plan, goals, reached, laps - times, tell=tell)
            reached, times = done[0], times + done[1]
            changes += done[2]
    if not changes:
        return
    windows = quested.windows | {start: Progress(goals, reached)}
    if not reached and not any(goals):
        del windows[start]
    if len(windows) > 1:
        windows = _kept(quest, windows, course.program.program.late_days)
    course.quests[quest.id] = Quested(windows, quested.times + times)
    course.advances.append(Advance(number, _summed(changes), reached - before.reached, times))


def _complete(
    course: Course, plan: QuestPlan, goals: list[dict[int, int]], reached: int, laps: int, *, tell: bool
) -> tuple[int, int, list[Gain]]:
    """What the goals as they stand complete: up to which tier, how often, and what beginning again took off them."""
    quest = plan.quest
    times, taken = 0, list[Gain]()
    for _ in range(laps):
        for tier in _tiers_reached(plan, goals, reached):
            reached = tier
            if tell:
                course.happen(tier_occasion(quest, tier))
        if reached < len(quest.tiers):
            break
        times += 1
        if len(quest.tiers) > 1 and tell:
            course.happen(Occasion(QUEST, quest.id))
        if quest.repeats != "always":
            break
        reached = 0
        taken += _begin_again(plan, goals)
    return reached, times, taken


def _has_required(course: Course, quest: Quest, quested: Callable[[str], Quested | None]) -> bool:
    requires, member = quest.requires, course.member
    if requires.level is not None:
        ranks = course.program.level_ranks
        if ranks.get(member.level, 0) < ranks[requires.level]:
            return False
    if requires.quests and not all(
        (found := quested(id)) is not None and found.times > 0 for id in requires.quests
    ):
        return False
    return not requires.badges or all(badge in member.badges for badge in requires.badges)


def _fitted(goals: list[dict[int, int]], wanted: int) -> list[dict[int, int]]:
    """Copies of the tallies, as many as the quest has goals in the program in force."""
    fitted = list(map(dict.copy, goals))
    if len(fitted) == wanted:
        return fitted
    return fitted[:wanted] + [{} for _ in range(wanted - len(fitted))]


def _counted(plan: QuestPlan, goals: list[dict[int, int]], gain: Gain) -> Gain | None:
    """Add to one goal, if its turn has come; what was added."""
    number, key, amount = gain
    tally, quest = goals[number], plan.quest
    if quest.join == "in_order":
        turn = next((n for n, _ in enumerate(goals) if not _is_done(plan, goals, n)), -1)
        if turn != number:
            return None
    if quest.goals[number].distinct is not None and key not in tally and _is_done(plan, goals, number):
        return None  # as many values as are asked for are enough to remember
    stands = tally.get(key, 0)
    if stands + amount > AMOUNT_MAX:
        amount = AMOUNT_MAX - stands
        gain = (number, key, amount)
    if amount <= 0:
        return None
    if stands + amount:
        tally[key] = stands + amount
    else:
        del tally[key]  # so that equal progress is written alike
    return gain


def _is_done(plan: QuestPlan, goals: list[dict[int, int]], number: int) -> bool:
    return standing(plan.quest.goals[number], goals[number]) >= plan.targets[number]


def _tiers_reached(plan: QuestPlan, goals: list[dict[int, int]], reached: int) -> Sequence[int]:
    """The tiers, from 1, that are completed now and were not."""
    if len(plan.tiers) > 1:
        stands = standing(plan.quest.goals[0], goals[0])
        return [number for number, asked in enumerate(plan.tiers, 1) if number > reached and stands >= asked]
    if reached:
        return ()
    if len(goals) == 1:
        return (1,) if _is_done(plan, goals, 0) else ()
    done = (_is_done(plan, goals, number) for number in range(len(goals)))
    return (1,) if (any(done) if plan.quest.join == "any" else all(done)) else ()


def _begin_again(plan: QuestPlan, goals: list[dict[int, int]]) -> list[Gain]:
    """Take what completed the quest off its goals. What is over counts toward the next time, so that it does not matter
    in which order events come; distinct values, and goals in order, begin anew."""
    quest, taken = plan.quest, list[Gain]()
    for number, goal in enumerate(quest.goals):
        tally = goals[number]
        if not _is_done(plan, goals, number):
            continue
        anew = goal.distinct is not None or quest.join == "in_order"
        off = dict(tally) if anew else {0: plan.targets[number]}
        for key, amount in off.items():
            _add(tally, key, -amount)
            taken.append((number, key, -amount))
        if quest.join == "any":
            break  # the others have their own turn
    return taken


def _add(tally: dict[int, int], key: int, amount: int) -> None:
    """Add and forget zeros, so that equal progress is written alike."""
    total = tally.get(key, 0) + amount
    if total:
        tally[key] = total
    else:
        tally.pop(key, None)


def _summed(changes: list[Gain]) -> tuple[Gain, ...]:
    """One change per goal and key, in order."""
    if len(changes) == 1:
        return (changes[0],)
    totals: dict[tuple[int, int], int] = {}
    for number, key, amount in changes:
        totals[(number, key)] = totals.get((number, key), 0) + amount
    return tuple((number, key, amount) for (number, key), amount in totals.items() if amount)


def _kept(quest: Quest, windows: dict[int, Progress], late_days: int) -> dict[int, Progress]:
    """Those periods that an event within `late_days` can still fall in."""
    oldest = max(windows) - late_days - PERIOD_DAYS_MAX[quest.repeats] - 1
    starts = list(windows)
    if starts[0] >= oldest and len(starts) <= WINDOWS_KEPT and starts == sorted(starts):
        return windows  # the usual case
    newest = sorted((start for start in windows if start >= oldest), reverse=True)[:WINDOWS_KEPT]
    return {start: windows[start] for start in sorted(newest)}


# --- undoing ------------------------------------------------------------------------------------------------


def taken_back(
    program: Program, quests: Mapping[str, Quested], advances: Sequence[tuple[int, Advance]]
) -> dict[str, Quested]:
    """The `quests` that change without what was counted toward them by the `program` of that time: (first day of the
    period, what), in the order of counting. What was counted since stands, and may have been completed since by another
    event: that stands too.
    """
    now: dict[str, Quested] = {}
    for start, made in reversed(advances):  # one event may reach a tier first, and begin the quest anew last
        quest = program.quests[made.quest]
        quested = now.get(quest.id) or quests.get(quest.id)
        progress = quested.windows.get(start) if quested is not None else None
        if progress is None and quest.repeats == "always":
            progress = Progress([])  # it had just begun again
        if quested is None or progress is None:
            continue
        goals = _fitted(progress.goals, max(len(progress.goals), len(quest.goals)))
        for number, key, amount in made.changes:
            _add(goals[number], key, -amount)
        windows = dict(quested.windows)
        reached = max(0, progress.reached - made.reached)
        if quest.repeats == "always":
            reached = min(reached, len(quest.tiers) - 1)  # what is open again can be completed again
        if any(goals) or reached:
            windows[start] = Progress(goals, reached)
        else:
            windows.pop(start, None)
        now[quest.id] = Quested(windows, max(0, quested.times - made.times))
    return now
