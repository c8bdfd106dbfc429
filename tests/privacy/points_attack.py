"""What an attacker concludes from the points issued in a week about how often those features were used that few use.

Known: the program, so what each event brings, and all that k - 2 of the members did. Unknown: how often the others did
each thing. As many events as earned something, and as many points, are two equations; with prices far apart one is
enough. The attack succeeds where it is certain how often a feature was used that fewer than k used, or that it was not.
"""

from __future__ import annotations

from random import Random

import numpy

from engage.core import published
from engage.core.measures import FeatureWeek, WeekMeasures
from engage.core.prices import Price
from engage.core.privacy import Figure
from tests.privacy.attacker import Attack
from tests.privacy.populations import FIRST

PRICES = (1, 2, 3, 5, 10, 15, 40, 250, 1000)


def attack_points(random: Random) -> list[str]:
    k = random.choice((3, 4, 5))
    members = random.randint(2 * k, 8 * k)
    prices = {f"event {at}": random.choice(PRICES) for at in range(random.randint(2, 4))}
    often = {name: random.choice((0.0, 0.05, 0.1, 0.9, 1.0)) for name in prices}
    did = {
        name: [random.choice((1, 1, 2, 3)) if random.random() < share else 0 for _ in range(members)]
        for name, share in often.items()
    }
    besides = [random.choice((1, 2)) for _ in range(members)]
    week = _week(members, prices, did, besides, k)
    known = random.sample(range(members), k - 2)
    attack = Attack(len(prices) + 1, whole=True)
    order = [*prices, ""]

    def reads(low: float, high: float, worth: dict[str, int]) -> None:
        terms = numpy.array([float(worth.get(name, 0)) for name in order])
        theirs = sum(worth.get(name, 0) * did[name][one] for name in prices for one in known)
        theirs += sum(worth.get("", 0) * besides[one] for one in known)
        attack.knows(terms, low - theirs, high - theirs)

    def reads_number(figure: Figure, worth: dict[str, int]) -> None:
        if figure.value is not None:
            reads(figure.value, figure.value, worth)

    shown = published.publish_events(week, k)
    reads_number(shown.events, dict.fromkeys(order, 1))
    reads_number(shown.organic, {"": 1})
    reads_number(shown.incentivised, dict.fromkeys(prices, 1))
    for name, figure in published.publish_feature_events(week, k).items():
        reads_number(figure, {name: 1})
    if shown.issued["points"].value is not None:
        reads(*published.issued_band(week, "points", k), prices)
    if not attack.rows:
        return []
    return [
        f"{name} {sum(times)} times, by {sum(map(bool, times))}"
        for at, (name, times) in enumerate(did.items())
        if sum(map(bool, times)) < k and attack.pins(numpy.eye(len(order))[at])
    ]


def _week(
    members: int, prices: dict[str, int], did: dict[str, list[int]], besides: list[int], k: int
) -> WeekMeasures:
    earned = sum(sum(times) for times in did.values())
    earners = sum(any(times[one] for times in did.values()) for one in range(members))
    week = WeekMeasures(FIRST, members=members, active=members, active_4w=members, definition=2, floor=k)
    week.events, week.incentivised = earned + sum(besides), earned
    week.earners = week.receivers["points"] = earners
    week.unrewarded = members
    week.issued["points"] = sum(price * sum(did[name]) for name, price in prices.items())
    for name, times in did.items():
        users = sum(map(bool, times))
        week.features[name] = FeatureWeek(users, users, sum(times))
    week.awards["points"] = {name: Price(price, price) for name, price in prices.items()}
    return week
