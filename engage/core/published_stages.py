"""Members by stage as figures: what follows from the figures shown of the same members, and bands within that.

Owns how the stages stand within members, activated, active in four weeks and habitual, whose figures are shown beside
them, and within those of the month's weeks: slipping is who came in its first two weeks and not in the others; new is
none of whom the month before told that they had come, and all others who are active and not slipping.
Activated is a band and the others may be ranges, so exact stages would give them away, month by month. Invited and
dormant say nothing that does not follow from these figures; the others are bands of 2k (see
`engage.core.windows.publish_part`), and active is what they leave.

All that is remembered when the first week of a month is frozen, and told of it for ever: by other rules, of a later
release, a second look would tell another band, and what both bands have in common.
"""

from __future__ import annotations

from typing import NamedTuple

from engage.core.calendar import month_end
from engage.core.lifecycle import STAGES
from engage.core.measures import MONTH_WEEKS, WEEK, WeekMeasures
from engage.core.privacy import Figure
from engage.core.published import People, publish_month_members, publish_month_weeks, publish_people
from engage.core.published_cohorts import had_come, in_quiet_weeks, is_first_month
from engage.core.published_floors import is_told
from engage.core.stage_weeks import LEFT_IDLE, LEFT_NEVER, SLIPPING_HABIT
from engage.core.windows import between, publish_part


class _Span(NamedTuple):
    low: int
    high: int


def publish_stages(week: WeekMeasures, k: int) -> list[tuple[str, Figure]]:
    """(stage, members), in the order of a life; nothing of a week frozen before this was remembered."""
    whole = int(publish_month_members(week).floor)
    untold = None if is_told(week, k) else between(0, whole, whole)
    return [(stage, untold or between(*told)) for stage, told in week.stages_told.items()]


def remember_stages(week: WeekMeasures, before: WeekMeasures | None) -> None:
    """Write into a new week what is told of the stages of its month; `before`: the week before."""
    if before is not None and month_end(before.monday) == month_end(week.monday):
        week.stages_told = before.stages_told
        return
    for stage, figure in stages_of(week, week.floor).items():
        low, high = _span(figure)
        week.stages_told[stage] = (low, high, high + (figure != between(low, high, high)))


def stages_of(week: WeekMeasures, k: int) -> dict[str, Figure]:
    """Stage -> members, in the order of a life, by the rules in force."""
    people, whole = publish_people(week, k), int(publish_month_members(week).floor)
    found = _active_stages(week, people, k)
    active, activated = _span(people.active_4w), _span(people.activated)
    left = _Span(0, 0)
    if LEFT_NEVER in week.stages:
        found["left"] = _publish_left(week, whole, active, k)
        left = _span(found["left"])
    found["invited"] = between(whole - activated.high - left.high, whole - activated.low, whole)
    found["dormant"] = between(activated.low - active.high - left.high, activated.high - active.low, whole)
    return {stage: found[stage] for stage in STAGES if stage in found}


def _publish_left(week: WeekMeasures, whole: int, active: _Span, k: int) -> Figure:
    """Those who left and are gone, in bands below the number of whom that was said before the month: some of whom it
    was said since may still have come, and everybody knows who these are."""
    gone, sure, most = (
        week.stages[LEFT_NEVER] + week.stages[LEFT_IDLE],
        whole - active.high,
        whole - active.low,
    )
    if week.month_absent:
        sure, most = min(sure, week.month_left[0]), min(most, week.month_left[1])
    return publish_part(gone, 2 * k, 0, sure, most)


def _span(figure: Figure) -> _Span:
    return _Span(int(figure.floor), int(figure.ceiling or 0))


def _active_stages(week: WeekMeasures, people: People, k: int) -> dict[str, Figure]:
    """Those active in the four weeks: each stage within what the ones before leave."""
    width, parts = 2 * k, week.stages
    active, habit = _span(people.active_4w), _span(people.habitual)
    habitual = publish_part(parts["habitual"], width, 0, habit.low, habit.high)
    steady = _span(habitual)
    slipping = publish_part(
        parts["slipping"] + parts[SLIPPING_HABIT], width, *_slipping(week, active, habit, steady, k)
    )
    slips = _span(slipping)
    new = publish_part(parts["new"], width, *_new(week, people, steady, slips, k))
    came = _span(new)
    return {
        "habitual": habitual,
        "slipping": slipping,
        "new": new,
        "active": between(
            active.low - steady.high - slips.high - came.high,
            active.high - steady.low - slips.low - came.low,
            active.high,
        ),
    }


def _new(week: WeekMeasures, people: People, steady: _Span, slips: _Span, k: int) -> tuple[int, int, int]:
    """The least, the most for sure and the most that can be new, by what else is told.

    Of all who have come by now, new are none of those who had come before. To tell of more new ones than there are
    beside the most who can have come before would tell that these were fewer; to tell of fewer than must be, that they
    were more. Where somebody was named late, the least does not hold.
    """
    active, came, habit = _span(people.active_4w), _span(people.activated), _span(people.habitual)
    before, others = _before(week), steady.low + slips.low
    room = _Span(came.high, came.high)
    low = 0
    if before:
        whole = int(publish_month_members(week).floor) - week.absent_4w
        room = _Span(min(came.high, whole) - before.high, came.high - before.low)
        late = max((_span(one).low for one in publish_month_weeks(week, k)[2:]), default=0)
        least = max(active.low, came.low - in_quiet_weeks(week)) - slips.high
        low = max(0, least - before.high, late - before.high)
    sure = min(room.low, active.low - max(habit.high, others))
    most = min(room.high, active.high - max(habit.low, others))
    return low if low <= week.stages["new"] else 0, sure, most


def _before(week: WeekMeasures) -> _Span | None:
    """How many had come before the month, by all that is told; None where nothing is told of it."""
    if is_first_month(week):
        return _Span(0, 0)
    start = month_end(week.monday) - WEEK * (MONTH_WEEKS - 1)
    before = {end: span for end, span in had_come(week).items() if end < start}
    if start - WEEK not in before:
        return None
    return _Span(max(least for least, _ in before.values()), before[start - WEEK][1])


def _slipping(week: WeekMeasures, active: _Span, habit: _Span, steady: _Span, k: int) -> tuple[int, int, int]:
    """The least, the most for sure and the most that can be slipping, by what else is told."""
    weeks = [_span(one) for one in publish_month_weeks(week, k)]
    if not weeks:
        return 0, 0, active.high
    before, late = (
        [one if count else _Span(0, 0) for one, count in zip(weeks[:2], week.month, strict=False)],
        weeks[2:],
    )
    low = max(0, habit.low - steady.high, active.low - sum(one.high for one in late))
    sure = min(
        active.low - steady.low,
        active.low - max(one.high for one in late),
        sum(one.low for one in before),
    )
    most = min(
        active.high - steady.low, active.high - max(one.low for one in late), sum(one.high for one in before)
    )
    return low, sure, most
