"""By which floor a frozen week is told: one for all looks at it. By two of them another cell would be hidden beside a
small one, and bands would begin elsewhere. Knows nothing of what is counted."""

from __future__ import annotations

from engage.core.measures import WeekMeasures


def floor_of(week: WeekMeasures, k: int) -> int:
    """By which a week is told, where the floor in force is `k`: a lowered one counts for weeks frozen from then on."""
    return max(k, week.floor)


def is_told(week: WeekMeasures, k: int) -> bool:
    """Not where the floor was raised since: then only that may be told which says the less, the higher the floor."""
    return week.floor >= k


def is_measured(week: WeekMeasures) -> bool:
    """Whether it was frozen with what is published of kinds of members."""
    return week.definition >= 1
