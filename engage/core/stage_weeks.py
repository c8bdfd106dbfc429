"""how many members stood in which stage when a month ended, told apart by what else is published of their activity.

Figures of companies go by the standard definitions (`engage.core.lifecycle.STANDARD`), whatever a program says, so
that they compare and fit into what is counted besides: dormant is who was activated and not active in the four weeks,
and habitual and slipping are told apart by the habit of the week. A stage is of the midnight after the week. Who is
marked as having left counts by activity until four weeks have passed without any.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from engage.core.calendar import month_end
from engage.core.lifecycle import LEFT, STANDARD, WEEK, Gone, Lifecycle, stage_on
from engage.core.program import Program
from engage.core.state import MemberState

if TYPE_CHECKING:
    from engage.core.measures import WeekMeasures

LEFT_NEVER, LEFT_IDLE, SLIPPING_HABIT = "left_never", "left_idle", "slipping_habitual"
NEVER: Final = ("invited", LEFT_NEVER)
IDLE: Final = ("dormant", LEFT_IDLE)
ACTIVE: Final = ("new", "active", "slipping")
HABIT: Final = ("habitual", SLIPPING_HABIT)
TWO_WEEKS: Final = (1 << 2 * WEEK) - 1

_LEAVING: Final = Lifecycle(left=Gone(""))
assert STANDARD.slipping_days == 2 * WEEK, "what `active_part` looks at"
assert STANDARD.new_days <= 4 * WEEK, "who is new came first in the month"


def no_stages() -> dict[str, int]:
    return dict.fromkeys((*NEVER, *IDLE, *ACTIVE, *HABIT), 0)


def active_part(two_weeks: int, habit: bool, age: int) -> str:
    """Of a member active in the four weeks: the days of the last two, whether 9 of 12 weeks make a habit, and how long
    before the midnight after the week the first active day was."""
    if not two_weeks:
        return SLIPPING_HABIT if habit else "slipping"
    if habit:
        return "habitual"
    return "new" if age < STANDARD.new_days else "active"


def idle_part(member: MemberState, monday: int) -> str:
    """Of one who was active before the four weeks."""
    gone = member.left and stage_on(_LEAVING, member, monday + WEEK - 1) == LEFT
    return LEFT_IDLE if gone else "dormant"


def count_left(member: MemberState, weeks: Sequence[WeekMeasures]) -> None:
    """A member who was not active until then."""
    for week in weeks:
        if member.left and member.left < month_end(week.monday) + WEEK:
            week.stages[LEFT_NEVER] += 1


def close_stages(program: Program | None, weeks: Sequence[WeekMeasures]) -> None:
    """Once the members of the weeks are known. Where the program does not say how members leave, none has."""
    leaves = program is not None and program.lifecycle.left is not None
    for week in weeks:
        found = week.stages
        found["invited"] = week.month_members[-1] - week.activated - found[LEFT_NEVER]
        if not leaves:
            found["invited"] += found.pop(LEFT_NEVER)
            found["dormant"] += found.pop(LEFT_IDLE)
