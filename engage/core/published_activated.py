"""Who is activated, as a figure: everybody who was active once, so that it only grows from month to month.

A part of `engage.core.published`, with the same duty: what is told of one month may not add up with what was told of
those before it, and of who was active in it.
"""

from __future__ import annotations

from engage.core.calendar import month_end
from engage.core.measures import MONTH_WEEKS, WEEK, WeekMeasures
from engage.core.privacy import Figure
from engage.core.published_cohorts import in_quiet_weeks, is_first_month
from engage.core.windows import between, publish_band


def publish_activated(week: WeekMeasures, k: int, active_4w: Figure, whole: Figure) -> Figure:
    """In bands. `whole`: the members when the month ended."""
    peak = max(week.peak, int(active_4w.ceiling or 0))
    most = _most_activated(week, int(whole.floor), active_4w)
    band = publish_band(week.activated, k, most, int(active_4w.floor), peak)
    return between(int(band.floor), int(band.ceiling or 0), int(whole.floor))


def _most_activated(week: WeekMeasures, whole: int, active_4w: Figure) -> int:
    """Who was activated by the end of the month before, as is told, and whoever can have come since was active, or came
    in a quiet week: the last band leaves room below that, or it would be told that nobody else came back. Where more
    are, as some were named late, that cannot be concluded."""
    before = 0 if is_first_month(week) else (week.activated_most[1:2] or [whole])[0] or whole
    most = min(whole, before + int(active_4w.ceiling or 0) + in_quiet_weeks(week))
    return most if week.activated <= most else whole


def if_none_came_before(week: WeekMeasures, activated: Figure, active_4w: Figure) -> Figure:
    """Who is activated by the end of the month in which as many as the floor had come, to whom it is known that nobody
    had before it: they are active in it, or came in a quiet week. The report does not say so, but what it tells of
    cohorts later must not rest on its not being known."""
    if week.since <= month_end(week.monday) - WEEK * MONTH_WEEKS:
        return activated
    most = int(active_4w.ceiling or 0) + in_quiet_weeks(week)
    return between(int(activated.floor), min(most, int(activated.ceiling or 0)), week.members)
