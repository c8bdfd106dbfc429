"""Events that earned something, where of some events only some do: how many of these did, is it learned of few people?

The attacker reads how many events there were, how many of them earned something, how often each key event happened and
what was issued; and knows all that k - 2 of the members did, which events always earn something, and that what is not
a key event earns nothing. Unknown is how often the others did each thing, and how often that earned something.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

import numpy
import pytest

from engage.core import published, published_beginners
from engage.core.measures import FeatureWeek, WeekMeasures
from engage.core.prices import Price
from tests.privacy.attacker import Attack, Sum
from tests.privacy.populations import FIRST

EACH, SOME, NONE, OTHER = "each", "some", "none", "other"
Did = Mapping[str, list[int]]
"""Event, or "earning" and the event, -> how often each member did it."""


def _random_company(random: Random, members: int) -> tuple[dict[str, str], Did]:
    kinds = {f"{kind} {at}": kind for kind in (EACH, SOME) for at in range(random.randint(1, 2))}
    kinds |= {f"{NONE} {at}": NONE for at in range(random.randint(0, 2))}
    part, besides = random.choice((0.03, 0.1, 0.5)), random.choice((0.0, 0.5))
    did: dict[str, list[int]] = {}
    for name, kind in kinds.items():
        share = random.choice((0.1, 0.6, 0.95, 1.0))
        did[name] = [random.choice((1, 1, 2, 3)) if random.random() < share else 0 for _ in range(members)]
        if kind == SOME:
            did[f"earning {name}"] = [times if random.random() < part else 0 for times in did[name]]
    did[OTHER] = [random.choice((0, 2)) if random.random() < besides else 0 for _ in range(members)]
    return kinds, did


def _week(kinds: Mapping[str, str], did: Did, k: int, *, quests: bool) -> WeekMeasures:
    members = range(len(did[OTHER]))
    earned = [_sum_of(did, _earning(kinds), one) for one in members]
    done = [_sum_of(did, (*kinds, OTHER), one) for one in members]
    active = sum(map(bool, done))
    week = WeekMeasures(FIRST, members=len(done), active=active, active_4w=active, definition=2, floor=k)
    week.events, week.incentivised = sum(done), sum(earned)
    week.earners = week.receivers["points"] = sum(map(bool, earned))
    week.unrewarded = sum(own > theirs for own, theirs in zip(done, earned, strict=True))
    week.issued["points"] = 10 * sum(earned)
    for name in kinds:
        users = sum(map(bool, did[name]))
        week.features[name] = FeatureWeek(users, users, sum(did[name]), again=k, often=k)
    prices = {EACH: Price(10, 10), SOME: Price(0, 10)}
    week.awards["points"] = {name: prices[kind] for name, kind in kinds.items() if kind in prices}
    if quests:
        week.awards["points"][""] = Price(0, 10)
    return week


def _earning(kinds: Mapping[str, str]) -> list[str]:
    return [f"earning {one}" if kind == SOME else one for one, kind in kinds.items() if kind != NONE]


def _sum_of(did: Did, names: tuple[str, ...] | list[str], member: int) -> int:
    return sum(did[name][member] for name in names)


def attack_earning(random: Random) -> list[str]:
    k = random.choice((3, 4, 5))
    members = random.randint(2 * k, 6 * k)
    kinds, did = _random_company(random, members)
    week = _week(kinds, did, k, quests=random.random() < 0.5)
    known, order = random.sample(range(members), k - 2), list(did)
    attack = Attack(len(order), whole=True)

    def terms(names: tuple[str, ...] | list[str]) -> Sum:
        return numpy.array([float(name in names) for name in order])

    def reads(low: float, high: float, names: tuple[str, ...] | list[str]) -> None:
        theirs = sum(_sum_of(did, names, one) for one in known)
        attack.knows(terms(names), low - theirs, high - theirs)

    shown = published.publish_events(week, k)
    if shown.events.value is not None:
        reads(shown.events.value, shown.events.value, (*kinds, OTHER))
    if shown.incentivised.value is not None:
        reads(shown.incentivised.value, shown.incentivised.value, _earning(kinds))
    for name, figure in published.publish_feature_events(week, k).items():
        if figure.value is not None:
            reads(figure.value, figure.value, [name])
    if shown.issued["points"].value is not None:
        low, high = published.issued_band(week, "points", k)
        reads(-(-low // 10), high // 10, _earning(kinds))
    some = [f"earning {name}" for name, kind in kinds.items() if kind == SOME]
    for name in some:
        attack.knows(terms([name.removeprefix("earning ")]) - terms([name]), 0)
    behind = sum(_sum_of(did, some, one) > 0 for one in range(members))
    times = sum(_sum_of(did, some, one) for one in range(members))
    return [f"{times} times, by {behind}"] if behind < k and attack.pins(terms(some)) else []


def test_it_is_not_told_how_many_events_of_few_earned_something() -> None:
    assert [seed for seed in range(150) if attack_earning(Random(seed))] == []


def test_without_a_part_for_them_it_is_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = published_beginners.event_parts
    monkeypatch.setattr(
        published, "event_parts", lambda *said: [one for one in parts(*said) if not one.secret]
    )
    assert any(attack_earning(Random(seed)) for seed in range(30))
