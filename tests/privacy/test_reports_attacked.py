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

from engage.core import published_people, published_stages
from engage.core.privacy import Figure, publish_count
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


# --- with one defence switched off ----------------------------------------------------------------------------


def _exact(count: int, *_: object, **__: object) -> Figure:
    return Figure(f"{count:,}", "members", count)


Switch = tuple[object, str, object]
DEFENCES: dict[str, tuple[int, list[Switch]]] = {
    "bands of stages": (1, [(published_stages, "publish_part", _exact)]),
    "organic use as a union of features": (
        1,
        [(published_people, "publish_union", lambda count, k, _, within: publish_count(count, k, within))],
    ),
    "hiding one department beside a range": (9, [(published_people, "_is_safe", lambda *_: True)]),
}


@pytest.mark.parametrize("defence", DEFENCES)
def test_without_one_defence_something_is_learned(defence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seed, switches = DEFENCES[defence]
    assert learned_of(seed) == []
    for module, name, without in switches:
        monkeypatch.setattr(module, name, without)
    assert learned_of(seed) != []
