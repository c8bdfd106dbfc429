"""Privacy as an attack, on what reports say of kinds of members: stages, classes of use, departments, roles, cohorts,
features, funnels, levels and moves, month by month and look by look; see `report_attack.py`.

Department pages, digests, files and exports hold these figures, scores and webhooks are reckoned from them
(`test_nothing_bypasses.py`). Each defence is switched off once, and the attack then succeeds.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from random import Random

import pytest

from engage.core import published, published_parts, published_people, published_stages
from engage.core.measures import WeekMeasures
from engage.core.privacy import Figure, fact, publish_count
from engage.core.published import People
from tests.privacy import report_attack
from tests.privacy.company_population import Company, Member, random_company, weeks_of_company
from tests.privacy.report_attack import attack_company

COMPANIES = int(os.environ.get("ENGAGE_ATTACKS", "25")) // 6
"""Attacked for each of four seeds."""


def company(seed: int) -> tuple[Company, Sequence[Member]]:
    """A company, and the k - 2 members whom the attacker knows."""
    random = Random(seed)
    found = random_company(random)
    there = [one for one in found.members if one.base.joined <= 4]
    return found, random.sample(there, found.k - 2)


def learned_of(seed: int) -> list[str]:
    found, known = company(seed)
    return attack_company(found, weeks_of_company(found), known)


def learned(seed: int, companies: int) -> Iterator[str]:
    for number in range(10_000 * seed, 10_000 * seed + companies):
        for one in learned_of(number):
            yield f"company {number}: {one}"


@pytest.mark.parametrize("seed", range(4))
def test_nothing_follows_from_all_that_is_said_of_kinds_of_members(seed: int) -> None:
    assert list(learned(seed, COMPANIES)) == []


def test_nothing_follows_where_without_a_defence_something_would() -> None:
    assert [learned_of(seed) for seed in sorted({seed for seed, _ in DEFENCES.values()})] == [[]] * 6


# --- with one defence switched off ----------------------------------------------------------------------------


def _exact(count: int, *_: object, **__: object) -> Figure:
    return Figure(f"{count:,}", "members", count)


def _all_exact(counts: Sequence[int], *_: object) -> list[Figure]:
    return [_exact(count) for count in counts]


def _members_now(week: WeekMeasures) -> Figure:
    return fact(week.members, "members")


def _risen_of_members(week: WeekMeasures, _: People, k: int) -> Figure:
    return publish_count(week.risen, k, _members_now(week))


def _funnel_of_members(week: WeekMeasures, people: People, funnel: str, k: int) -> tuple[Figure, ...] | None:
    return published_people.publish_funnel(week, people._replace(activated=_members_now(week)), funnel, k)


Switch = tuple[object, str, object]
DEFENCES: dict[str, tuple[int, list[Switch]]] = {
    "bands of stages": (1, [(published_stages, "publish_part", _exact)]),
    "organic use as a union of features": (
        1,
        [
            (
                published_people,
                "publish_any",
                lambda count, k, _, within: publish_count(count, k, within),
            )
        ],
    ),
    "bands of levels": (20_001, [(published, "publish_bands", _all_exact)]),
    "risen among the active": (20_005, [(published_people, "_publish_risen", _risen_of_members)]),
    "the members of the month's end": (20_006, [(published, "publish_month_members", _members_now)]),
    "beginners among the activated": (20_006, [(report_attack, "publish_funnel", _funnel_of_members)]),
    "habits within their months and what these add up to": (
        20_024,
        [
            (published, "_in_each_month", lambda week, active: (active.floor, active.ceiling)),
            (published, "_by_visits", lambda week, *_: (-week.members, week.members)),
        ],
    ),
    "hiding one department beside a range": (9, [(published_parts, "_is_concealed", lambda *_: True)]),
}


@pytest.mark.parametrize("defence", DEFENCES)
def test_without_one_defence_something_is_learned(defence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seed, switches = DEFENCES[defence]
    for module, name, without in switches:
        monkeypatch.setattr(module, name, without)
    assert learned_of(seed) != []
