"""What is told of a key event in a week, of which most may be some members', taken apart by who knows these: every way
in which the members of a tiny company can have done it, and what is told of it.

Who knows the rules, how often k - 2 members did it, and how many were active, concludes that it was done in one of the
ways of which the same is told. Whom that leaves are others, of whom nobody knows who did what: so ways that differ in
that alone are one. The same of events that earned something.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import combinations

import pytest

from engage.core import published_beginners
from engage.core.measures import FeatureWeek, WeekMeasures
from engage.core.published import publish_events, publish_feature_events
from engage.core.sharing import Shared, shared
from tests.privacy.populations import FIRST

Way = tuple[int, ...]
"""How often each active member did it, who did most first."""
MUCH = 9
"""Besides, every member does other things more often than this, each as often as any other member."""


def ways(events: int, members: int, most: int | None = None) -> Iterator[Way]:
    if not members:
        yield from [()] if not events else []
        return
    for own in range(min(events, events if most is None else most), -1, -1):
        if own * members < events:
            return
        for others in ways(events - own, members - 1, own):
            yield own, *others


def _week(way: Way, k: int, others: int) -> WeekMeasures:
    week = WeekMeasures(FIRST, members=2 * len(way), definition=2, floor=k)
    week.active, week.events = len(way), sum(way) + others
    week.unrewarded = len(way)
    week.earners_often = week.unrewarded_often = k
    return week


def _feature(way: Way, k: int) -> FeatureWeek:
    users = [own for own in way if own]
    return FeatureWeek(len(users), len(users), sum(way), k, often=k, shared=shared(users, k, sum(way)))


def tell_of_event(way: Way, k: int) -> str:
    """Everybody does another thing that often, so that it is told too and hides nothing."""
    everybody = (MUCH,) * len(way)
    week = _week(way, k, 2 * MUCH * len(way))
    others = _feature(everybody, k)
    others.shared = Shared(MUCH * len(way), 1)
    week.features = {"Export": _feature(way, k), "Print": others, "Share": others}
    return publish_feature_events(week, k)["Export"].text


def tell_of_rewarded(way: Way, k: int) -> str:
    week = _week(way, k, MUCH * len(way))
    week.incentivised, week.earners = sum(way), sum(map(bool, way))
    week.rewarded_shared = _feature(way, k).shared
    week.unrewarded_shared = Shared(MUCH * len(way), 1)
    return publish_events(week, k).incentivised.text


def learned(tell: Callable[[Way, int], str], events: int, members: int, k: int) -> set[str]:
    alike: dict[tuple[str, Way], set[Way]] = defaultdict(set)
    for way in ways(events, members):
        told = tell(way, k)
        if told == "not shown":
            continue
        assert told == str(events)
        for known in set(combinations(way, k - 2)):
            others = list(way)
            for own in known:
                others.remove(own)
            alike[told, known].add(tuple(others))
    found = set()
    for believed in alike.values():
        users = {sum(map(bool, others)) for others in believed}
        if len(users) == 1 and 0 < min(users) < k:
            found.add("how few others did it")
        if all(len(set(others)) == 1 for others in believed):
            found.add("how often each of the others did it")
    return found


SIZES = [(3, 5), (3, 6), (3, 8), (4, 7), (4, 9), (5, 9), (5, 10)]


@pytest.mark.parametrize("tell", [tell_of_event, tell_of_rewarded])
@pytest.mark.parametrize("k, members", SIZES)
def test_who_knows_nearly_all_who_did_it_does_not_learn_what_few_others_did(
    tell: Callable[[Way, int], str], k: int, members: int
) -> None:
    for events in range(2 * k, 3 * k + 3):
        assert learned(tell, events, members, k) == set(), events


@pytest.mark.parametrize("tell", [tell_of_event, tell_of_rewarded])
@pytest.mark.parametrize(
    "way, told",
    [
        ((40, 4, 4, 0, 0, 0), "48"),
        ((41, 4, 4, 0, 0, 0), "not shown"),
        ((4, 2, 1, 0, 0, 0, 0), "not shown"),
        ((3, 1, 1, 1, 1, 1), "not shown"),
        ((2, 2, 1, 1, 1, 1), "8"),
        ((4, 1, 1, 1, 1, 1, 1), "10"),
        ((2, 2, 2, 2, 2, 2), "12"),
    ],
)
def test_it_is_told_where_more_than_k_are_left_of_few_more_not_all_had_as_many_and_no_one_had_nearly_all(
    tell: Callable[[Way, int], str], way: Way, told: str
) -> None:
    assert tell(way, 3) == told


@pytest.mark.parametrize("tell", [tell_of_event, tell_of_rewarded])
@pytest.mark.parametrize(
    "what, rule",
    [
        ("how few others did it", lambda one, active, k: one.alike >= active - (k - 2)),
        ("how often each of the others did it", lambda one, active, k: one.left <= k),
    ],
)
def test_without_the_rule_it_is_learned(
    monkeypatch: pytest.MonkeyPatch,
    tell: Callable[[Way, int], str],
    what: str,
    rule: Callable[[Shared, int, int], bool],
) -> None:
    monkeypatch.setattr(published_beginners, "is_of_few", rule)
    found = [learned(tell, events, members, k) for k, members in SIZES for events in range(2 * k, 3 * k + 3)]
    assert what in set().union(*found)


def nearest(tell: Callable[[Way, int], str], k: int) -> float:
    """Of what is told, the share that the others add to what one member did, at least, once those next to that one put
    together what they know."""
    told = [
        way
        for way in ((most, *[9] * (k - 2), *[3] * k) for most in range(9, 250))
        if tell(way, k) != "not shown"
    ]
    return min(sum(way[k - 1 :]) / way[0] for way in told)


@pytest.mark.parametrize("tell", [tell_of_event, tell_of_rewarded])
@pytest.mark.parametrize("k", [3, 4, 5])
def test_what_one_member_did_is_told_to_no_other_within_ten_percent(
    monkeypatch: pytest.MonkeyPatch, tell: Callable[[Way, int], str], k: int
) -> None:
    assert nearest(tell, k) == 0.1
    monkeypatch.setattr(published_beginners, "tells_the_largest", lambda largest, others: False)
    assert nearest(tell, k) < 0.1
