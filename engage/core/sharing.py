"""How the events of a week are shared among the members who had them: what is left of a sum to whoever knows some.

Owns how that is counted and summed up. Must not know what may be told by it; see `engage.core.privacy`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from engage.core.activity import USES_MAX, count_in
from engage.core.state import MemberState

if TYPE_CHECKING:
    from engage.core.measures import WeekMeasures


class Shared(NamedTuple):
    """Of some events in a week. Stored within measures."""

    left: int = -1
    """Besides the `floor` - 2 members with most: at least as many, where not all are counted. -1: not kept yet."""
    alike: int = 0
    """The most members who may have had equally many; of those who had 255 or more, no two did."""
    largest: int = 0
    """What the member with most had, at most."""
    others: int = 0
    """What those had, at least, who are left beside that one and the `floor` - 2 after."""


def shared(each: Sequence[int], floor: int, total: int) -> Shared:
    """`each`: members' events, as far as they are counted; `total`: how many there were."""
    counted = sum(each)
    if counted > total:
        return Shared(0, len(each))
    largest, last, others = _leading(each, floor)
    from_before = counted < total and USES_MAX not in each  # some are from before they were counted
    alike = len(each) if from_before else _alike(each)
    return Shared(last + others, alike, largest + total - counted, others)


def _leading(each: Sequence[int], floor: int) -> tuple[int, int, int]:
    """As in `WeekMeasures.leading`."""
    known = max(0, floor - 2)
    most = [*sorted(each, reverse=True), *[0] * (known + 1)]
    return most[0], most[known], sum(most[known + 1 :])


def _alike(each: Sequence[int]) -> int:
    return max((many for had, many in Counter(each).items() if had < USES_MAX), default=0)


class Sharing:
    """Members' events of each week, as far as they are counted: all, those of each key event, and by whether they
    earned."""

    def __init__(self, weeks: Sequence[WeekMeasures], names: Iterable[str]) -> None:
        self.weeks = weeks
        self.features = {name: [bytearray() for _ in weeks] for name in names}
        self.events = [bytearray() for _ in weeks]
        self.rewarded = [bytearray() for _ in weeks]
        self.unrewarded = [bytearray() for _ in weeks]

    def count(self, member: MemberState) -> None:
        for index, week in enumerate(self.weeks):
            events = count_in(member.uses, week.monday)
            if not events:
                continue
            self.events[index].append(events)
            rewarded = count_in(member.rewarded, week.monday)
            if rewarded:
                self.rewarded[index].append(rewarded)
            if events > rewarded:
                self.unrewarded[index].append(events - rewarded)

    def describe(self) -> None:
        """Once all events are counted."""
        for name, each in self.features.items():
            for week, counts in zip(self.weeks, each, strict=True):
                used = week.features[name]
                used.shared = shared(counts, week.floor, used.events)
        for week, events in zip(self.weeks, self.events, strict=True):
            week.leading, week.alike = _leading(events, week.floor), _alike(events)
        for week, rewarded, unrewarded in zip(self.weeks, self.rewarded, self.unrewarded, strict=True):
            week.rewarded_shared = shared(rewarded, week.floor, week.incentivised)
            week.unrewarded_shared = shared(unrewarded, week.floor, week.events - week.incentivised)
