"""Privacy as an attack: who reads all that is published, and knows k - 2 of the members, learns nothing of the others.

What a year of reports can hold of a company is its frozen weeks, whatever the periods: months of four weeks do not
overlap, so what can be learned of activity can be learned within one of them and the weeks after it; what grows is read
month by month. Scores, shares and changes are reckoned from these figures (`test_nothing_bypasses.py`).

Each defence is switched off once, and the attack then succeeds. ENGAGE_ATTACKS=5000 attacks more populations.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from engage.core import (
    measures,
    privacy,
    published,
    published_activated,
    published_people,
    quiet,
    segments,
    windows,
)
from engage.core.feasible import feasible
from engage.core.measures import WeekMeasures
from engage.core.presence import Presence
from engage.core.privacy import Figure, publish_count
from engage.core.quiet import Activity
from tests.privacy.activity_attack import attack_activity
from tests.privacy.count_attacks import (
    attack_amounts,
    attack_awards,
    attack_balances,
    attack_concentration,
    attack_growth,
    attack_levels,
    attack_spending,
    attack_table,
)
from tests.privacy.populations import (
    Population,
    acquaintances,
    halved,
    leaving,
    lull,
    random_population,
    weeks_of,
)

ATTACKS = int(os.environ.get("ENGAGE_ATTACKS", "25"))
"""Companies attacked for each of four seeds by each attack; five times as many by those on counts alone."""
WEEKS = 5

Draw = Callable[[Random, int], Population]
CountAttack = Callable[[Random], list[str]]
COUNTS: list[CountAttack] = [
    *(attack_growth, attack_levels, attack_table, attack_amounts, attack_balances, attack_awards),
    attack_concentration,
    attack_spending,
]


@pytest.fixture(autouse=True)
def _remember_no_figures() -> None:
    """Figures of days are kept; a defence that is off must not have been on when they were made, nor stay off."""
    published._week_days.cache_clear()


def activity_learned(
    seed: int,
    companies: int,
    draw: Draw = random_population,
    *,
    whole: bool = False,
    quiet: bool = True,
) -> Iterator[str]:
    for index in range(companies):
        random = Random(1000 * seed + index)
        people = draw(random, WEEKS)
        known = acquaintances(random, people)
        for learned in attack_activity(people, weeks_of(people), known, whole=whole, quiet=quiet):
            yield f"population {1000 * seed + index}, k = {people.k}: {learned}"


def counts_learned(attack: CountAttack, seed: int, companies: int) -> Iterator[str]:
    for index in range(companies):
        for learned in attack(Random(1000 * seed + index)):
            yield f"population {1000 * seed + index}: {learned}"


@pytest.mark.parametrize("seed", range(4))
def test_the_figures_of_all_weeks_tell_of_no_group_below_the_floor_and_of_no_member(seed: int) -> None:
    assert list(activity_learned(seed, ATTACKS)) == []


def test_an_attacker_who_thinks_in_whole_people_learns_no_more() -> None:
    assert list(activity_learned(9, ATTACKS // 4, whole=True)) == []


@pytest.mark.parametrize("attack", COUNTS, ids=lambda attack: attack.__name__)
def test_what_grows_is_divided_or_is_added_up_tells_of_no_group_below_the_floor(attack: CountAttack) -> None:
    assert list(counts_learned(attack, 1, 5 * ATTACKS)) == []


def test_two_looks_at_a_frozen_week_are_one() -> None:
    """An event that arrives after a week was frozen is in no figure of the week: see tests/actions/test_score.py."""
    assert list(_looks(frozen=True)) == []


# --- with one defence switched off ----------------------------------------------------------------------------


def _exact(count: int, *_: object, **__: object) -> Figure:
    return Figure(f"{count:,}", "members", count)


def _only_below(count: int, k: int, within: Figure, **_: object) -> Figure:
    return publish_count(count, k, within) if count < k else _exact(count)


def _only_above(count: int, k: int, within: Figure, **_: object) -> Figure:
    return _exact(count) if count < k else publish_count(count, k, within)


def _told_of_any(count: int, k: int, each: object, within: Figure, *expected: int) -> Figure:
    if (within.ceiling or 0) < 2 * k - 1:
        return publish_count(count, k, within, told=True)
    return windows_union(count, k, each, within, *expected)  # type: ignore[arg-type]


windows_union = windows.publish_union


class _AllLoud(Activity):
    """Without the rule on quiet weeks."""

    def __init__(self, *given: object) -> None:
        super().__init__(*given)  # type: ignore[arg-type]
        self.loud = -1
        self.places = [(place, month, 0b1111) for place, month, _ in self.places]

    def describe(self, index: int, week: WeekMeasures) -> None:
        super().describe(index, week)
        week.month = self._month(measures.month_end(week.monday))


def _every_week_ends_a_month(patch: pytest.MonkeyPatch) -> None:
    for module in (measures, quiet, published, segments):
        patch.setattr(module, "month_end", lambda monday: monday)


ACTIVITY_DEFENCES: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "the floor": lambda patch: patch.setattr(published, "publish_count", _only_above),
    "what is left of a group": lambda patch: patch.setattr(published, "publish_count", _only_below),
    "quiet weeks": lambda patch: patch.setattr(measures, "Activity", _AllLoud),
    "months that do not overlap": _every_week_ends_a_month,
    "the range beside a week": lambda patch: patch.setattr(
        published, "publish_union", lambda count, k, each, within, _: publish_count(count, k, within)
    ),
    "what the weeks add up to": lambda patch: patch.setattr(
        published,
        "publish_union",
        lambda count, k, each, within, _: windows.publish_any(
            count, k, sorted(each, key=lambda one: one.floor)[-1:], within
        ),
    ),
    "nothing of groups below 2k - 1": lambda patch: patch.setattr(published, "publish_union", _told_of_any),
    "ranges at the ends of days": lambda patch: patch.setattr(
        published, "publish_days", lambda days, *_: Figure(str(days), "days", days)
    ),
    "ranges as wide as what k - 2 can have": lambda patch: patch.setattr(
        published,
        "publish_days",
        lambda days, people, k, most: privacy.publish_days(days, people, 2, most),
    ),
}


NEEDED_BY: dict[str, Draw] = {"quiet weeks": lull, "months that do not overlap": leaving}
"""Populations that need these: of the others the other rules hide most of what they do."""


@pytest.mark.parametrize("draw", NEEDED_BY.values(), ids=lambda draw: draw.__name__)
def test_companies_that_need_a_defence_most_tell_nothing(draw: Draw) -> None:
    assert list(activity_learned(0, ATTACKS, draw)) == []


@pytest.mark.parametrize("defence", NEEDED_BY)
def test_without_the_defence_that_they_need_many_companies_tell_of_some(
    defence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ACTIVITY_DEFENCES[defence](monkeypatch)
    found = activity_learned(0, 25, NEEDED_BY[defence], quiet=defence != "quiet weeks")
    assert len({learned.partition(",")[0] for learned in found}) > 10


@pytest.mark.parametrize("defence", [one for one in ACTIVITY_DEFENCES if one not in NEEDED_BY])
def test_without_one_defence_the_activity_of_some_is_learned(
    defence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ACTIVITY_DEFENCES[defence](monkeypatch)
    learned = next(activity_learned(2, 300), None)
    published._week_days.cache_clear()
    assert learned is not None


# Parts of who cannot have come: see `engage.core.presence`.
PRESENCE: dict[str, Callable[[WeekMeasures], object]] = {
    "in a week": lambda week: setattr(week, "absent", 0),
    "in a month": lambda week: setattr(week, "absent_4w", 0),
    "in each week of a month": lambda week: setattr(week, "month_absent", [0] * 4),
}


def test_where_some_had_left_nothing_is_told_of_those_who_stayed() -> None:
    assert list(activity_learned(0, ATTACKS, halved)) == []


@pytest.mark.parametrize("part", PRESENCE)
def test_without_who_cannot_have_come_those_who_stayed_are_told_of(
    part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without(presence: Presence, *member: Any) -> None:
        count(presence, *member)
        for week in presence.weeks:
            PRESENCE[part](week)

    count = Presence.count
    monkeypatch.setattr(Presence, "count", without)
    assert len({learned.partition(",")[0] for learned in activity_learned(0, 25, halved)}) > 1


def _independent(sizes: list[int], k: int, within: Figure, **_: object) -> tuple[tuple[Figure, ...], None]:
    return tuple(publish_count(size, k, within) for size in sizes), None


def _two_values(cells: list[Figure], whole: int, *_: object) -> bool:
    return all(high > low for low, high in feasible(cells, whole, whole))


def _all_bands(counts: list[int], k: int, within: Figure) -> list[Figure]:
    return [windows.publish_band(count, k, int(within.ceiling or 0)) for count in counts]


COUNT_DEFENCES: dict[str, tuple[CountAttack, object, str, object]] = {
    "bands of what grows": (attack_growth, published_activated, "publish_band", _exact),
    "bands above who is active": (
        attack_growth,
        published_activated,
        "publish_band",
        lambda count, k, whole, least=0, peak=0: windows_band(count, k, whole),
    ),
    "bands of levels": (attack_levels, windows, "publish_band", _exact),
    "no band of the first level": (attack_levels, windows, "publish_bands", _all_bands),
    "hiding the next smallest": (attack_table, privacy, "publish_table", _independent),
    "k values for each hidden cell": (attack_table, privacy, "_is_concealed", _two_values),
    "balances in steps of a fifth": (attack_balances, published_people, "balance_step", lambda balance: 1),
    "who got an award, not who could have": (
        attack_awards,
        published,
        "behind_award",
        lambda week, *_: week.active,
    ),
    "whose events earned something, and whose did not": (
        attack_awards,
        published,
        "behind_events",
        lambda week, *_: (week.active, week.active),
    ),
    "spending in steps of a fifth": (attack_spending, published_people, "_about", lambda amount: amount),
    "one of the most active tenth": (
        attack_concentration,
        published_people,
        "_is_one_sided",
        lambda *_: False,
    ),
    "dominance": (attack_amounts, privacy, "is_dominated", lambda *_: False),
    "hiding with the events of few those of many": (
        attack_amounts,
        privacy,
        "publish_amounts",
        lambda parts, total, people, k: tuple(
            privacy.publish_amount(one.amount, one.people if people else 0, k) for one in parts
        ),
    ),
}
windows_band = windows.publish_band


@pytest.mark.parametrize("defence", COUNT_DEFENCES)
def test_without_one_defence_a_count_of_few_is_learned(defence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    attack, module, name, without = COUNT_DEFENCES[defence]
    monkeypatch.setattr(module, name, without)
    assert next(counts_learned(attack, 1, 1000), None) is not None


def _looks(*, frozen: bool, grain: int = 7) -> Iterator[int]:
    """Who subtracts each look at the number of active members from the next, and knows k - 2 of those who came.

    Days of one week: without frozen weeks it is looked at while it goes on.
    """
    for seed in range(40):
        random = Random(seed)
        k, members = 5, 40
        first = [random.choice((None, 0, 1, 2, 3, 4)) for _ in range(members)]
        looks = [7] if frozen else range(1, 8)
        shown = [
            publish_count(
                sum(day is not None and day < look for day in first), k, privacy.fact(members, "members")
            ).value
            for look in looks
        ]
        for before, after in pairwise(shown):
            if before is not None and after is not None and 0 < after - before < k:
                yield int(after - before)


def test_without_frozen_weeks_two_looks_are_subtracted() -> None:
    assert next(_looks(frozen=False), None) is not None
