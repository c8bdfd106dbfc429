"""Beginners of funnels and users of key events, as figures: what months told one after the other may not add up to.

Owns within whom they are, and what is remembered of those told before. Where a first step or a key event is done once
in a life, as an invitation or a first sign-in is, no two months have a beginner in common, so that all of them together
are

- no more than are told to have been activated by the end of the last of these months, nor, with the cohorts that came
  since, than are told to have been activated so far;
- from any month on, no more than the members who had not left before it.

Those of a month are judged within what these leave, as within who was active in it. A step that `k` members have taken
in two months is not of that kind: its months add up to nothing. Where it shows that `k` have, more must be able to: of
ten members of whom five each are told in two months, these would be the same five. So it counts as of that kind until
2k - 1 can have taken it twice, by what is told. How many are told to have been activated by the end of the month that
is told with it follows from them, and not they from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from engage.core.calendar import month_end
from engage.core.eligible import AWARDED
from engage.core.measures import MONTH_WEEKS, WEEK, FeatureWeek, WeekMeasures
from engage.core.prices import events_that_earn
from engage.core.privacy import (
    NOT_SHOWN,
    Figure,
    Part,
    fact,
    not_shown,
    publish_count,
    tells_the_largest,
    total,
)
from engage.core.published_cohorts import had_come
from engage.core.published_floors import floor_of
from engage.core.segments import Begun
from engage.core.sharing import Shared
from engage.core.windows import between, publish_part

BEGUN_MONTHS: Final = 14
"""Kept apart, of each first step; those before them count as one."""
_NOBODY: Final = between(0, 0, 0)
_ORGANIC: Final = ""
"""In place of a first step: what no rule rewards."""


def publish_beginners(week: WeekMeasures, activated: Figure, funnel: str, k: int) -> Figure:
    """`activated`: within whom they are, of a week that was frozen when they were not counted by months."""
    within = _beginning(week, activated, funnel)
    return _publish_within(week.funnels[funnel][0], week.begun_room.get(funnel, -1), within, k)


def publish_steps(
    week: WeekMeasures, began: Figure, active_4w: Figure, funnel: str, k: int
) -> Iterator[Figure]:
    """Members who reached each later step, of those who reached the one before. Within the week in which they began,
    they are among the users of its event too; of two funnels, those of one may be among those of the other."""
    counts, within = week.funnels[funnel], began
    names = week.funnel_steps.get(funnel, [""] * len(counts))
    users = {} if week.funnel_months.get(funnel, 1) else publish_features(week, k, active_4w).members
    together = _is_divided(week, funnel)
    for name, count in zip(names[1:], counts[1:], strict=True):
        groups = (within, users[name]) if name in users else (within,)
        if together:
            sure = int(min(group.floor for group in groups))
            within = publish_part(count, 2 * k, 0, sure, int(began.ceiling or 0))
        else:
            cells = [publish_count(count, k, group) for group in groups]
            within = min(cells, key=lambda cell: (cell.value is not None, cell.floor, -(cell.ceiling or 0)))
        yield within


def _is_divided(week: WeekMeasures, funnel: str) -> bool:
    """Whether those who came so far may be among those of another funnel: of one that begins with the same event and
    has another one in common, or where both end within the week."""
    first, *later = week.funnel_steps.get(funnel, ("",))
    within = not week.funnel_months.get(funnel, 1)
    for other, steps in week.funnel_steps.items():
        both_within = within and not week.funnel_months.get(other, 1)
        alike = steps if both_within else steps[1:] if steps[0] == first else ()
        if other != funnel and not set(later).isdisjoint(alike):
            return True
    return False


def publish_users(used: FeatureWeek, active_4w: Figure, k: int) -> Figure:
    """Members who used a key event in the month."""
    return _publish_within(used.members_4w, used.room, active_4w, k)


class Features(NamedTuple):
    """Key events: members who used each in four weeks, and the sum of these."""

    members: Mapping[str, Figure]
    uses: Figure


def publish_features(week: WeekMeasures, k: int, active_4w: Figure) -> Features:
    """Each by itself, for who uses one may use another: their sum is shown with all of them only."""
    k = floor_of(week, k)
    cells = {name: publish_users(used, active_4w, k) for name, used in week.features.items()}
    if any(cell.value is None for cell in cells.values()):
        return Features(cells, not_shown("features"))
    return Features(cells, total(cells.values(), "features") if cells else fact(0, "features"))


def _publish_within(count: int, room: int, within: Figure, k: int) -> Figure:
    able = within_room(within, room, k)
    if able is None:
        return Figure(NOT_SHOWN, "members", hidden="protects", low=0, high=within.ceiling)
    return publish_count(count, k, able)


def within_room(within: Figure, room: int, k: int) -> Figure | None:
    """Within whom they are, where besides those told before no more than `room` can be. None: hardly anybody is."""
    if room < 0 or within.ceiling is None:
        return within
    if room < 2 * k - 1:
        return None
    return within if within.floor <= room else between(room, int(within.ceiling), int(within.ceiling))


def is_by_the_month(used: FeatureWeek, k: int, active: int) -> bool:
    """Whether it may be done once in a life, so that its events are as many members: they are told by the month. So
    are those of which it would be told, as `k` members are behind them, that hardly anybody did it twice, or how few
    of the `active` did not do it."""
    least = 2 * k + (active < 2 * k)
    return used.events < least or (0 <= used.again < k and is_once(used.often, k, used.events - used.members))


def _sometimes(week: WeekMeasures) -> set[str]:
    """Key events of which only some earn something: what a formula without an end brings, it brings each time. Of weeks
    that an earlier release has frozen none is taken to be: they are told as they were."""
    if not week.knows_conditions:
        return set()
    found = {
        name for prices in week.awards.values() for name, price in prices.items() if not price.is_endless
    }
    return found & week.features.keys()


def event_parts(week: WeekMeasures, k: int, active: int) -> list[Part]:
    """How often each key event happened, as parts of a week's events, and of those that earned something. `active`: how
    many members can have been, by what is told of it. Of events of which only some earned, it is not known how many
    people are behind those, or behind the others; so where others earn each time, these would be what is missing, and
    where none does, what is too many: that is one more part, hidden, and missing from what did not earn. There it
    conceals none of them: both together are how many earned nothing."""
    each, some = events_that_earn(week.awards)
    any_earns = "" in some or (week.incentivised > 0 and not (each or some))
    sometimes = _sometimes(week)
    listed = each & week.features.keys() or (set() if any_earns else sometimes)
    is_mixed = bool(listed) and bool(some or each - listed) and not _awards_to_few(week)
    earning = listed if is_mixed else week.features.keys() if any_earns else each | some
    parts = [
        Part(
            one.events,
            one.members,
            name in earning,
            is_by_the_month(one, k, active) or is_of_few(one.shared, week.active, k),
            one.shared.left,
            is_mixed and name in sometimes - listed,
        )
        for name, one in week.features.items()
    ]
    if is_mixed:
        others = week.incentivised - sum(week.features[name].events for name in listed)
        parts += [Part(others, 0, linked=True, secret=True), Part(-others, 0, secret=True, as_one=True)]
    return parts


def is_once(often: int, k: int, more: int = 0) -> bool:
    """Of what fewer than `k` members have done in two weeks, and hardly any twice in this: the numbers of its events
    add up to nearly everybody, week by week."""
    return 0 <= often < k and more < k


def is_of_few(shared: Shared, active: int, k: int) -> bool:
    """Whether a number of events tells what few did, as it is not told how many of the `active` did it. Who knows the
    k - 2 who had most finds that two others had some, or three, up to as many as are left: that has to keep k values.
    Where hardly more are left, all but k - 2 of the active may not have had equally many, for that they were left would
    tell who knows others that nobody had more. Nor may it be nearly what a single one had."""
    few = shared.left <= k or (shared.left < 2 * k and shared.alike >= active - (k - 2))
    return shared.left >= 0 and (few or tells_the_largest(shared.largest, shared.others))


def behind_events(week: WeekMeasures, k: int) -> tuple[int, int]:
    """Members whose events earned something, and members whose events did not; where that was not counted, those who
    may have. Nobody, where each may have done once in a life the only thing of that kind; and where it would be told,
    as `k` are behind them, that hardly anybody did it twice; nor where some rule is for few alone: beside how often
    everything happened it would be told how often they did it."""
    if _awards_to_few(week):
        return 0, 0
    behind, besides = week.earners, week.unrewarded if week.definition >= 2 else week.active
    earned, others = week.incentivised, week.events - week.incentivised
    if min(earned, others) < 3 * k - 1:
        return 0, 0
    if is_once(week.earners_often, k, earned - behind) or is_of_few(week.rewarded_shared, week.active, k):
        behind = 0
    if is_once(week.unrewarded_often, k, others - besides) or is_of_few(
        week.unrewarded_shared, week.active, k
    ):
        besides = 0
    return behind, besides


def _awards_to_few(week: WeekMeasures) -> bool:
    return any(found.to_few == AWARDED for found in week.currencies.values())


def behind_award(week: WeekMeasures, currency: str, k: int) -> int:
    """Members who were awarded some of a currency. Nobody, where each may have been once in a life, or where some rule
    is for few alone."""
    if currency in week.currencies and week.currencies[currency].to_few:
        return 0
    if week.earners_often >= 0 and is_once(week.receivers_often.get(currency, 0), k):
        return 0
    return week.receivers.get(currency, 0) if week.definition >= 2 else week.earners


def _beginning(week: WeekMeasures, activated: Figure, funnel: str) -> Figure:
    """Those active in the month in which they began. Nothing is told of a month that is not remembered."""
    if funnel not in week.funnel_months:
        return activated
    told = week.months_told[week.funnel_months[funnel] :]
    low, high = told[0] if told else (0, week.members)
    return between(low, high, week.members)


def most_begun(week: WeekMeasures) -> int:
    """The most who are told to have begun, over all months, with one first step or key event."""
    return max((sum(one.told for one in months.values()) for months in week.begun.values()), default=0)


def remember_beginners(week: WeekMeasures, before: WeekMeasures | None, k: int) -> None:
    """Write into a new week what is told of beginners so far, with those of the months that it tells of."""
    same = before is not None and month_end(before.monday) == month_end(week.monday)
    week.begun = dict(before.begun) if before else {}
    most = before.activated_most[same:] if before else []
    for funnel, (event, again) in week.funnel_begins.items():
        ago = week.funnel_months[funnel]
        monday = month_end(week.monday) - WEEK * MONTH_WEEKS * ago
        whole = week.month_members[-1] if week.month_members else week.members
        months = {**week.begun.get(event, {})}
        earlier = {one: begun for one, begun in months.items() if one < monday}
        freely = publish_count(week.funnels[funnel][0], k, _beginning(week, _NOBODY, funnel))
        if _is_seen_again(again, freely, earlier, k):
            week.begun[event] = _adding_up_to_nothing({**earlier, monday: _begun(freely, 0, whole)})
            continue
        # By the end of this month that is not told yet: it follows from the beginners.
        able = most[ago - 1] if 0 < ago <= len(most) else whole
        if before:
            able = min(able, had_come(before).get(monday, (0, whole))[1])
        gone = months[monday].gone if monday in months else week.month_left[0]
        week.begun_room[funnel] = max(0, _room(able, whole, gone, earlier))
        if monday not in months:
            shown = publish_beginners(week, _NOBODY, funnel, k)
            week.begun[event] = _joined({**months, monday: _begun(shown, gone, whole)})


def remember_users(week: WeekMeasures, active_4w: Figure, k: int) -> None:
    """The same of key events, after those funnels: their beginners are of months before. And of all who did something
    that no rule rewards, as of one event."""
    for name, used in week.features.items():
        used.room = _remember(week, name, used.again, used.members_4w, active_4w, k)
    week.organic_room = _remember(week, _ORGANIC, week.organic_again, week.organic_4w, active_4w, k)


def _remember(week: WeekMeasures, name: str, again: int, count: int, active_4w: Figure, k: int) -> int:
    """How many can have done it in the month besides those told before, whom these join. -1: anybody can again."""
    if again < 0:
        return -1
    monday = month_end(week.monday)
    whole = week.month_members[-1] if week.month_members else week.members
    months = week.begun.get(name, {})
    earlier = {one: begun for one, begun in months.items() if one < monday}
    freely = publish_count(count, k, active_4w)
    if _is_seen_again(again, freely, earlier, k):
        week.begun[name] = _adding_up_to_nothing({**earlier, monday: _begun(freely, 0, whole)})
        return -1
    gone = months[monday].gone if monday in months else week.month_left[0]
    room = max(0, _room(whole, whole, gone, earlier))
    if monday not in months:
        shown = _publish_within(count, room, active_4w, k)
        week.begun[name] = _joined({**months, monday: _begun(shown, gone, whole)})
    return room


def _begun(shown: Figure, gone: int, whole: int) -> Begun:
    return Begun(int(shown.floor), gone, whole if shown.ceiling is None else int(shown.ceiling))


def _is_seen_again(again: int, freely: Figure, earlier: Mapping[int, Begun], k: int) -> bool:
    """Whether `k` have done it in two months, and 2k - 1 can have, by what is told of the `earlier` ones, and of this
    one where it may be: `freely`. By the few of a month it is not: some of them would be those who were missing."""
    most = [int(freely.floor), *(one.most for one in earlier.values())]
    able = min(sum(most) // 2, sum(most) - max(most))
    return again >= k and freely.floor >= k and able >= 2 * k - 1


def _adding_up_to_nothing(months: Mapping[int, Begun]) -> dict[int, Begun]:
    """Those of one need be no others than those of the next."""
    return _joined({one: Begun(0, begun.gone, begun.most) for one, begun in months.items()})


def _room(able: int, whole: int, gone: int, earlier: Mapping[int, Begun]) -> int:
    """How many can begin in a month, besides those who began in the `earlier` ones."""
    room, told = whole - gone, 0
    for monday in sorted(earlier, reverse=True):
        told += earlier[monday].told
        room = min(room, whole - earlier[monday].gone - told)
    return min(room, able - told)


def _joined(months: Mapping[int, Begun]) -> dict[int, Begun]:
    """With the oldest as one, where they are many."""
    mondays = sorted(months)
    surplus = max(0, len(mondays) - BEGUN_MONTHS)
    oldest, kept = mondays[: surplus + 1], mondays[surplus + 1 :]
    told, most = sum(months[one].told for one in oldest), sum(months[one].most for one in oldest)
    together = Begun(told, months[oldest[0]].gone, most)
    return {oldest[-1]: together, **{one: months[one] for one in kept}}
