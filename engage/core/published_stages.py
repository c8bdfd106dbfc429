"""Members by stage as figures: a table of parts, suppressed together with all that is published of the same members.

Owns how the parts stand within members, activated, active in four weeks and habitual, whose figures are shown beside
them: where one of these is shown exactly, the parts on either side of it add up to a known number, and are a table of
their own; where it is not, they are one table, so that no part gives away what was hidden.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engage.core.lifecycle import STAGES
from engage.core.measures import WeekMeasures
from engage.core.privacy import NOT_SHOWN, Figure, fact, publish_table
from engage.core.published import publish_people
from engage.core.stage_weeks import ACTIVE, HABIT, IDLE, LEFT_IDLE, LEFT_NEVER, NEVER, SLIPPING_HABIT

_PARTS = {"left": (LEFT_NEVER, LEFT_IDLE), "slipping": ("slipping", SLIPPING_HABIT)}


def publish_stages(week: WeekMeasures, k: int) -> list[tuple[str, Figure]]:
    """(stage, members), in the order of a life; nothing of a week frozen before there were stages."""
    if not week.stages:
        return []
    parts: dict[str, Figure] = {}
    for block in _blocks(week, k):
        parts |= _publish_block(week, block, k)
    return [
        (stage, _sum([parts[part] for part in found], week.members))
        for stage in STAGES
        if (found := [part for part in _PARTS.get(stage, (stage,)) if part in parts])
    ]


def _blocks(week: WeekMeasures, k: int) -> Iterator[list[str]]:
    """Parts whose sum is known from the figures shown."""
    people = publish_people(week, k)
    block: list[str] = []
    for names, ends in (
        (NEVER, people.activated),
        (IDLE, people.active_4w),
        (ACTIVE, people.habitual),
        (HABIT, None),
    ):
        block += [name for name in names if name in week.stages]
        if ends is None or ends.value is not None:
            yield block
            block = []


def _publish_block(week: WeekMeasures, names: Sequence[str], k: int) -> dict[str, Figure]:
    counts = [week.stages[name] for name in names]
    whole = sum(counts)
    if len(names) == 1 and whole >= k:
        return {names[0]: fact(whole, "members")}  # what is shown adds up to it
    if whole < k:
        return {name: Figure(NOT_SHOWN, "members", hidden="few", low=0, high=k - 1) for name in names}
    cells = publish_table(counts, k, fact(whole, "members"), partition=True).cells
    return dict(zip(names, cells, strict=True))


def _sum(parts: Sequence[Figure], members: int) -> Figure:
    if len(parts) == 1:
        return parts[0]
    if all(part.value is not None for part in parts):
        return fact(sum(int(part.value or 0) for part in parts), "members")
    low = int(sum(part.floor for part in parts))
    high = int(min(members, sum(members if part.ceiling is None else part.ceiling for part in parts)))
    text = NOT_SHOWN if low <= 0 and high >= members else f"{low:,} to {high:,}"
    return Figure(text, "members", hidden="few", low=low, high=high)
