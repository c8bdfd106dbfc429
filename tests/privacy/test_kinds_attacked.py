"""Privacy as an attack, on tables that divide the same members in two ways; see `kind_attacks.py`.

Each defence is switched off once, for a population which needs it: the attack then succeeds.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from random import Random

import pytest

from engage.core import published_beginners, published_people, published_stages
from engage.core.measures import WeekMeasures
from engage.core.published import People
from engage.core.published_parts import publish_groups
from tests.privacy.kind_attacks import attack_funnels, attack_roles, attack_slipping

ATTACKS = int(os.environ.get("ENGAGE_ATTACKS", "25"))

KindAttack = Callable[[Random], list[str]]
ATTACKED: list[tuple[KindAttack, int]] = [
    (attack_roles, ATTACKS // 5),
    (attack_slipping, ATTACKS // 5),
    (attack_funnels, ATTACKS // 2),
]


@pytest.mark.parametrize("attack, companies", ATTACKED, ids=lambda one: getattr(one, "__name__", None))
def test_two_divisions_tell_of_no_group_below_the_floor(attack: KindAttack, companies: int) -> None:
    for seed in range(companies):
        assert attack(Random(seed)) == [], f"population {seed}"


def _roles_besides(week: WeekMeasures, people: People, k: int) -> object:
    return publish_groups(week, week.roles, people, k, merged=False)


def _any_slipping(week: WeekMeasures, active: published_stages._Span, *_: object) -> tuple[int, int, int]:
    return 0, active.low, active.high


Switch = tuple[object, str, object]


DEFENCES: dict[str, tuple[KindAttack, int, list[Switch]]] = {
    "roles where there are no departments": (
        attack_roles,
        1,
        [(published_people, "publish_roles", _roles_besides)],
    ),
    "beginners within who was active": (
        attack_funnels,
        5,
        [(published_beginners, "_beginning", lambda week, activated, funnel: activated)],
    ),
    "slipping within what the weeks tell": (
        attack_slipping,
        222,
        [(published_stages, "_slipping", _any_slipping)],
    ),
}


@pytest.mark.parametrize("defence", DEFENCES)
def test_without_one_defence_a_kind_of_few_is_learned(defence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    attack, seed, switches = DEFENCES[defence]
    assert attack(Random(seed)) == []
    for module, name, without in switches:
        monkeypatch.setattr(module, name, without)
    assert attack(Random(seed)) != []
