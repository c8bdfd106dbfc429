"""Who used which key event in a week and its month, and in two so far, and who earned in two, member by member.

Must not know about figures. A key event that hardly anybody has used in two months may be one that is done once in a
life, so that its months add up; see `engage.core.published_beginners`. So may what nothing else is rewarded than, or
everything else.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from itertools import chain, repeat
from operator import attrgetter
from typing import TYPE_CHECKING, TypeVar

from engage.core.activity import is_marked, share_in, weeks_from
from engage.core.calendar import month_end
from engage.core.quiet import MONTH_WEEKS, WEEK, Activity
from engage.core.state import MemberState, add_to

if TYPE_CHECKING:
    from engage.core.measures import FeatureWeek, WeekMeasures

T = TypeVar("T")


def count_features(
    member: MemberState,
    weeks: list[WeekMeasures],
    features: Mapping[str, list[FeatureWeek]],
    rewarded: Collection[str],
    activity: Activity,
    sharing: Mapping[str, Sequence[bytearray]],
) -> None:
    """Shift each feature's weeks so that bit 0 is the first of the first month. `sharing`: by week, members' events."""
    organic = []
    for (name, used_in), shares in zip(
        member.features.items(), chain(member.shares, repeat(b"")), strict=False
    ):
        used = weeks_from(used_in, activity.origin)
        base, bits = used_in
        listed = features.get(name, ())
        if listed and bits & bits - 1 and listed[0].again < activity.floor:
            _count_again(base, bits, weeks, listed, activity.floor)
        if name not in rewarded:
            organic.append(used_in)
        if not used:
            continue
        for index, (feature, (place, month, loud)) in enumerate(zip(listed, activity.places, strict=False)):
            if used >> place & 1:
                feature.members += 1
                sharing[name][index].append(share_in(shares, used >> place + 1))
            feature.members_4w += (used >> month & loud) > 0
    if organic:
        _count_organic(organic, weeks, activity)


def _count_organic(
    organic: Sequence[tuple[int, int]], weeks: Sequence[WeekMeasures], activity: Activity
) -> None:
    base, bits = _together(organic)
    used = weeks_from((base, bits), activity.origin)
    for week, (_, month, loud) in zip(weeks, activity.places, strict=True):
        week.organic_4w += (used >> month & loud) > 0
    if weeks[0].organic_again < activity.floor:
        for week in _since(weeks, weeks, _second_month(base, bits)):
            if week.organic_again >= activity.floor:
                break
            week.organic_again += 1


def _count_again(
    base: int, bits: int, weeks: Sequence[WeekMeasures], listed: Sequence[FeatureWeek], floor: int
) -> None:
    for feature in _since(listed, weeks, _second_week(base, bits)):
        if feature.often >= floor:
            break
        feature.often += 1
    for feature in _since(listed, weeks, _second_month(base, bits)):
        if feature.again >= floor:
            break
        feature.again += 1


def count_earning(member: MemberState, weeks: Sequence[WeekMeasures]) -> None:
    for week in weeks:
        earned = False
        for currency, earned_in in member.earning.items():
            if not is_marked(earned_in, week.monday):
                continue
            if not currency:
                week.unrewarded += 1
                continue
            earned = True
            add_to(week.receivers, currency, 1)
        week.earners += earned


def count_often(member: MemberState, weeks: Sequence[WeekMeasures]) -> None:
    """Who was awarded something, of some currency, or had events that earned nothing, in two weeks so far."""
    first, floor = weeks[0], weeks[0].floor
    for currency, (base, bits) in member.earning.items():
        told = first.receivers_often.get(currency, 0) if currency else first.unrewarded_often
        for week in _since(weeks, weeks, _second_week(base, bits)) if told < floor else ():
            if currency and week.receivers_often.get(currency, 0) < floor:
                add_to(week.receivers_often, currency, 1)
            elif not currency and week.unrewarded_often < floor:
                week.unrewarded_often += 1
            else:
                break
    if first.earners_often < floor:
        base, bits = _together([earned for currency, earned in member.earning.items() if currency])
        for week in _since(weeks, weeks, _second_week(base, bits)):
            if week.earners_often >= floor:
                break
            week.earners_often += 1


def _since(listed: Sequence[T], weeks: Sequence[WeekMeasures], monday: int) -> Sequence[T]:
    """Of what is listed by week: from that week on. 0: nothing. Later weeks have counted as many or more."""
    return listed[bisect_left(weeks, monday, key=attrgetter("monday")) :] if monday else ()


def _together(several: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """The weeks of any of these."""
    first = min((base for base, _ in several), default=0)
    together = 0
    for base, bits in several:
        together |= bits << (base - first) // WEEK
    return first, together


def _second_week(base: int, bits: int) -> int:
    """The Monday of the second week in which somebody did it; 0: in one at most."""
    later = bits & bits - 1
    return base + WEEK * ((later & -later).bit_length() - 1) if later else 0


def _second_month(base: int, bits: int) -> int:
    """The last Monday of the second month in which somebody did it; 0: in one at most."""
    first = _month_of(base + WEEK * ((bits & -bits).bit_length() - 1))
    later = bits >> (first - base) // WEEK + 1
    return _month_of(first + WEEK * (later & -later).bit_length()) if later else 0


def _month_of(monday: int) -> int:
    """The last Monday of the month of four weeks that the week is in."""
    return month_end(monday + WEEK * (MONTH_WEEKS - 1))
