"""How often something was done, week by week, tried out: every way in which the members of a tiny company can have done
it, and what is told of it.

Who knows the rules concludes that what happened is one of the ways of which the same is told. Nothing is left to a
linear program: of each telling all its ways are listed, and once more those that agree with what one member did.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, combinations_with_replacement, product

import pytest

from engage.core import published, published_beginners
from engage.core.measures import FeatureWeek, WeekMeasures
from engage.core.privacy import Figure, Part, is_dominated, publish_amounts
from engage.core.published import publish_active, publish_events, publish_feature_events
from tests.privacy.populations import FIRST, WEEK

K = 3
LESS = 10
"""What others do is told exactly too: this often each."""

Own = tuple[int, ...]
"""How often one member did it in each week."""
Way = tuple[Own, ...]


def ways(members: int, weeks: int, often: Sequence[int]) -> Iterator[Way]:
    return combinations_with_replacement(sorted(product(often, repeat=weeks)), members)


def _weeks(way: Way) -> Iterator[tuple[int, int, int, int]]:
    """Week by week: who did it so far in two weeks, up to the floor, who did it, how often, and the number of it."""
    for at, own in enumerate(zip(*way, strict=True)):
        twice = sum(sum(map(bool, one[: at + 1])) > 1 for one in way)
        yield at, min(twice, K), sum(map(bool, own)), sum(own)


def tell_of_feature(way: Way) -> tuple[str, ...]:
    told = []
    for at, twice, users, events in _weeks(way):
        others = FeatureWeek(len(way), len(way), LESS * len(way) // 2, often=K)
        features = {
            "Export": FeatureWeek(users, users, events, 0, often=twice),
            "Print": others,
            "Share": others,
        }
        week = WeekMeasures(FIRST + WEEK * at, members=len(way), definition=2, floor=K, features=features)
        week.active, week.events = len(way), LESS * len(way) + events
        told.append(publish_feature_events(week, K)["Export"].text)
    return tuple(told)


def tell_of_rewarded(way: Way) -> tuple[str, ...]:
    told = []
    for at, twice, earners, events in _weeks(way):
        week = WeekMeasures(FIRST + WEEK * at, members=len(way), definition=2, floor=K)
        week.active, week.events = len(way), LESS * len(way) + events
        week.incentivised, week.earners, week.earners_often = events, earners, twice
        week.unrewarded, week.unrewarded_often = len(way), K
        told.append(publish_events(week, K).incentivised.text)
    return tuple(told)


Group = Callable[[Own], bool]


def _groups(weeks: int) -> dict[str, Group]:
    if weeks == 1:
        return {
            "did it": lambda own: own[0] > 0,
            "did not": lambda own: own[0] == 0,
            "did it once": lambda own: own[0] == 1,
            "did it again": lambda own: own[0] > 1,
        }
    return {
        "in the first week": lambda own: own[0] > 0,
        "in the second week": lambda own: own[1] > 0,
        "in the first week only": lambda own: own[0] > 0 == own[1],
        "in the second week only": lambda own: own[1] > 0 == own[0],
        "in both": lambda own: own[0] > 0 < own[1],
        "in neither": lambda own: own[0] == 0 == own[1],
    }


def learned(
    tell: Callable[[Way], tuple[str, ...]], members: int, often: Sequence[int], most: int, weeks: int = 1
) -> set[str]:
    """Groups below the floor of which it follows how many they are, by who knows nobody, or one member who did it once
    or not. Tellings of more than `most` are left out: not every way to come to these is tried out."""
    alike = defaultdict(list)
    for way in ways(members, weeks, often):
        told = tell(way)
        if all(one == "not shown" or int(one) <= most for one in told):
            alike[told].append(way)
    assert len(alike) > 1 or members < 2 * K - 1
    groups, found = _groups(weeks), set()
    for same in alike.values():
        sizes = {way: [sum(map(group, way)) for group in groups.values()] for way in same}
        for known in (None, *product((0, 1), repeat=weeks)):
            believed = [sizes[way] for way in same if known is None or known in way]
            for name, numbers in zip(groups, zip(*believed, strict=True), strict=False):
                if len(set(numbers)) == 1 and numbers[0] < K:
                    found.add(name)
    return found


@pytest.mark.parametrize(
    "members, often, most",
    [
        (K, (0, 1, 4), 6),
        (2 * K - 2, (0, 1, 4), 6),
        (2 * K - 1, (0, 1, 2, 5), 7),
        (2 * K, (0, 1, 4), 6),
    ],
)
def test_how_often_a_key_event_happened_does_not_tell_who_did_it_once_or_again(
    members: int, often: Own, most: int
) -> None:
    assert learned(tell_of_feature, members, range(10), 9) == set()
    assert learned(tell_of_feature, members, often, most, weeks=2) == set()


@pytest.mark.parametrize("members", [K, 2 * K - 2])
def test_told_of_fewer_than_2k_less_one_active_members_it_is_learned_who_did_not_do_it(
    members: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def anyway(parts: Sequence[Part], total: int, people: int, k: int, *, apart: bool) -> tuple[Figure, ...]:
        return publish_amounts(parts, total, max(people, 2 * k - 1), k, apart=apart)

    monkeypatch.setattr(published, "publish_amounts", anyway)
    assert "did not" in learned(tell_of_feature, members, range(10), 9)


@pytest.mark.parametrize("members", range(1, 4 * K))
def test_what_is_told_of_events_does_not_tell_how_many_were_active_where_that_is_not_told(
    members: int,
) -> None:
    """But for whether the floor is reached."""
    seen = defaultdict(set)
    for active, events in product(range(K, members + 1), range(members, members + 8 * K)):
        half = events // 2
        week = WeekMeasures(FIRST, members=members, active=active, events=events, definition=2, floor=K)
        week.features = {name: FeatureWeek(K, K, half, often=K) for name in ("Export", "Print")}
        week.incentivised, week.earners, week.unrewarded = half, K, K
        week.earners_often = week.unrewarded_often = K
        shown = *publish_events(week, K)[:3], *publish_feature_events(week, K).values()
        told = publish_active(active, K, members, 0).text
        seen[told, events].add(tuple(figure.text for figure in shown))
    assert [told for told, same in seen.items() if len(same) > 1] == []


def _sums(active: int, k: int, most: int) -> dict[tuple[str, Own], set[int]]:
    """What is told of a week's events, and how many k - 2 members had -> how many another can have had."""
    found: dict[tuple[str, Own], set[int]] = defaultdict(set)
    for had in combinations_with_replacement(range(most, 0, -1), active):
        week = WeekMeasures(FIRST, members=2 * active, active=active, events=sum(had), definition=2, floor=k)
        week.leading = (had[0], had[k - 2], sum(had[k - 1 :]))
        week.alike = max(map(had.count, had))
        told = publish_events(week, k).events.text
        for known in {*combinations(had, k - 2)}:
            found[told, known] |= (Counter(had) - Counter(known)).keys()
    return found


@pytest.mark.parametrize("k", range(3, 7))
def test_neither_how_much_was_done_nor_that_it_is_not_told_tells_how_much_somebody_did(k: int) -> None:
    for active in range(k, 8):
        sums = _sums(active, k, 6)
        assert any(told != "not shown" for told, _ in sums)
        assert [one for one, values in sums.items() if len(values) < 2] == []


def test_told_whatever_is_equal_it_is_learned_how_much_somebody_did(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published, "is_dominated", lambda *said: is_dominated(*said[:4]))
    sums = _sums(4, 4, 9)
    assert sums["8", (3, 1)] == {2}


@pytest.mark.parametrize("members", [K, 2 * K - 2, 2 * K - 1, 2 * K])
def test_how_often_something_was_rewarded_does_not_tell_who_did_it(members: int) -> None:
    assert learned(tell_of_rewarded, members, range(10), 9) == set()
    assert learned(tell_of_rewarded, members, (0, 1, 6), 8, weeks=2) == set()


def test_told_of_few_it_is_learned_that_nobody_did_it_for_the_first_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def without(used: FeatureWeek, k: int, _: int) -> bool:
        return 0 <= used.often < k and used.events - used.members < k

    monkeypatch.setattr(published_beginners, "is_by_the_month", without)
    assert "in the second week only" in learned(tell_of_feature, 2 * K, (0, 1, 4), 6, weeks=2)
