"""Everything that is told of a week, and what an attacker concludes who has seen it twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy

from engage.core import (
    published,
    published_beginners,
    published_campaigns,
    published_champions,
    published_classes,
    published_people,
)
from engage.core.measures import WeekMeasures
from engage.core.privacy import MISSING_TEXT, NOT_SHOWN, Figure
from engage.core.published_stages import publish_stages
from tests.privacy.attacker import Attack

Told = Mapping[str, Figure]


def told(week: WeekMeasures, k: int) -> Told:
    """All figures of a week, of the week itself and of its month."""
    return _each_once([*_of_the_week(week, k), *_of_the_month(week, k)])


def told_of_month(week: WeekMeasures, k: int) -> Told:
    return _each_once(list(_of_the_month(week, k)))


def _each_once(figures: Sequence[tuple[str, Figure]]) -> Told:
    """None is hidden behind another of its name."""
    found = dict(figures)
    assert len(found) == len(figures), [name for name, _ in figures]
    return found


def narrower(first: Told, second: Told) -> list[str]:
    """What the second look tells that the first did not."""
    return [
        f"{name}: {first[name].text if name in first else None} and {figure.text}"
        for name, figure in second.items()
        if _is_narrower(figure, first.get(name))
    ]


def _is_narrower(figure: Figure, before: Figure | None) -> bool:
    if before is None:
        return figure.text not in (NOT_SHOWN, MISSING_TEXT)  # no more than the size of a group
    return figure.floor > before.floor or _ceiling(figure) < _ceiling(before)


def _ceiling(figure: Figure) -> float:
    return 10**9 if figure.ceiling is None else figure.ceiling


def _of_the_week(week: WeekMeasures, k: int) -> Iterator[tuple[str, Figure]]:
    people, amounts = published.publish_people(week, k), published.publish_events(week, k)
    yield "active", people.active
    yield "days", published.publish_week_days(week, k)
    yield from (("events", amounts.events), ("organic", amounts.organic), ("earned", amounts.incentivised))
    yield from ((f"issued {name}", figure) for name, figure in amounts.issued.items())
    for name, figure in published.publish_feature_events(week, k).items():
        yield f"events of {name}", figure
    moves = published_people.publish_moves(week, people, k)
    yield from zip(moves._fields, moves, strict=True)
    for currency in week.currencies:
        points = published_people.publish_points(week, currency, k)
        yield from ((f"{name} {currency}", one) for name, one in zip(points._fields, points, strict=True))


def _of_the_month(week: WeekMeasures, k: int) -> Iterator[tuple[str, Figure]]:
    people = published.publish_people(week, k)
    yield from (("activated", people.activated), ("active_4w", people.active_4w), ("habit", people.habitual))
    features = published_beginners.publish_features(week, k, people.active_4w)
    yield from ((f"users of {name}", figure) for name, figure in features.members.items())
    yield "uses", features.uses
    levels = published.publish_levels(week, k)
    if levels is not None:
        yield from ((f"at {name!r}", figure) for name, figure in levels.members)
        yield from (("upper levels", levels.upper), ("any level", levels.above))
    for place, groups in (
        ("department", published_people.publish_departments(week, people, k)),
        ("role", published_people.publish_roles(week, people, k)),
    ):
        for group in groups:
            yield f"active of {place} {group.name!r}", group.active_4w
            yield f"habit of {place} {group.name!r}", group.habitual
    yield from ((f"stage {stage}", figure) for stage, figure in publish_stages(week, k))
    classes = published_classes.publish_classes(week, people, k)
    yield from ((f"class {at}", figure) for at, figure in enumerate(classes))
    cohorts = published_people.publish_cohorts(week, k)
    yield from ((f"cohort {month}", figure) for month, figure in cohorts.items())
    for funnel in week.funnels:
        steps = published_people.publish_funnel(week, people, funnel, k) or ()
        yield from ((f"{funnel} {at}", figure) for at, figure in enumerate(steps))
    champions = published_champions.publish_champions(week, people, k)
    yield from (("covered", champions.covered), ("single", champions.single), ("without", champions.without))
    campaign = published_campaigns.publish_campaign_month(week, k)
    if campaign is not None:
        yield from (("not held out", campaign.active), ("held out", campaign.held_out_active))
    yield "beyond rewards", published_people.publish_organic(week, people, k)
    yield "concentration", published_people.publish_concentration(week, k)


def late_members(looks: Sequence[WeekMeasures], k: int) -> list[int]:
    """Of two looks at one week: how many of each department, and of all, were counted later only, where that is
    fewer than k and certain. The attacker knows nobody, and that who was counted once stays."""
    names = list(looks[0].departments)
    attack, each = Attack(2 * len(names)), numpy.eye(2 * len(names))
    at_once, late = each[: len(names)], each[len(names) :]
    groups = [at_once, [first + more for first, more in zip(at_once, late, strict=True)]]
    for week, counted in zip(looks, groups, strict=True):
        people = published.publish_people(week, k)
        attack.reads(people.active_4w, sum(counted))
        for group in published_people.publish_departments(week, people, k):
            attack.reads(group.active_4w, counted[names.index(group.name)])
    true = [looks[1].departments[name].active_4w - looks[0].departments[name].active_4w for name in names]
    found = [*zip(true, late, strict=True), (sum(true), sum(late))]
    return [count for count, terms in found if 0 < count < k and attack.pins(terms)]
