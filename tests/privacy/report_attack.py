"""What an attacker concludes about the kinds of members from everything that two months of reports say of them.

The unknown: how many of the others are of each kind of activity (`Base`), and of each combination of that with one
thing more: where they work and as what, when they came first, which features they used, how far they came in a funnel,
at which level they stand. No figure speaks of two of these things at once, so that whatever fits each of these tables
fits them together: members of the same activity can be matched at will. The program is exact, and small.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy

from engage.core import published_stages
from engage.core.measures import WeekMeasures
from engage.core.privacy import Figure
from engage.core.published import publish_levels, publish_people
from engage.core.published_beginners import publish_features
from engage.core.published_classes import publish_classes
from engage.core.published_people import (
    publish_cohorts,
    publish_departments,
    publish_funnel,
    publish_moves,
    publish_organic,
    publish_points,
    publish_roles,
)
from tests.privacy.attacker import Attack, Sum
from tests.privacy.company_population import (
    CAME,
    EARLIER,
    FEATURES,
    LEVELS,
    LOOKS,
    NEVER,
    ORGANIC,
    STEPS,
    Base,
    Company,
    Member,
    part_of,
)

STAGES: Mapping[str, tuple[str, ...]] = {
    "invited": ("invited",),
    "new": ("new",),
    "active": ("active",),
    "habitual": ("habitual",),
    "slipping": ("slipping", "slipping_habitual"),
    "dormant": ("dormant",),
    "left": ("left_never", "left_idle"),
}


class More(NamedTuple):
    """Something that is known of members besides their activity: `values` for those who are alike in `alike`."""

    alike: Callable[[Base], Hashable]  # None: nothing to be known of those
    values: Callable[[Hashable], Sequence[Hashable]]
    of: Callable[[Member], Hashable]


def first_bit(pattern: int) -> int:
    return (pattern & -pattern).bit_length() - 1


class Model:
    """Numbers the unknowns, and makes sums of them by what is said of the members in them."""

    def __init__(self, company: Company) -> None:
        self.company, self.loud = company, company.loud()
        loud = self.loud
        self.bases = [one for one in _bases(company) if self._may_be(one)]
        earlier = sorted({one.cohort for one in company.members if one.base.since == EARLIER})
        works = sorted({(one.department, one.role) for one in company.members})
        ways = [
            (level, rises, falling)
            for level in range(LEVELS)
            for rises in range(16)
            if level + rises.bit_count() < LEVELS
            for falling in (False, True)
            if not falling or level + rises.bit_count()
        ]
        self.more = {
            "past": More(
                lambda one: (
                    (
                        one.since,
                        bool(one.pattern & loud),
                        first_bit(one.pattern) if one.since == CAME else one.habit,
                    )
                    if one.since
                    else None
                ),
                lambda alike: (
                    [
                        (cohort, before)
                        for cohort in earlier
                        for before in (False, True)
                        if before or not (alike[2] or company.began_in_the_first_month(cohort))
                    ]  # type: ignore[index]
                    if alike[0] == EARLIER  # type: ignore[index]
                    else [(company.first + 7 * 3, False)]
                ),  # type: ignore[index]
                lambda one: (one.cohort, one.before),
            ),
            "work": More(
                lambda one: (one.joined, one.since > NEVER, bool(one.pattern & loud), one.habit),
                lambda alike: works,
                lambda one: (one.department, one.role),
            ),
            "features": More(
                lambda one: bool(one.pattern & loud),
                lambda alike: range(1 << len(FEATURES)) if alike else [0],
                lambda one: one.features,
            ),
            "steps": More(
                lambda one: one.since > NEVER,
                lambda alike: range(STEPS + 1) if alike else [0],
                lambda one: one.steps,
            ),
            "levels": More(
                lambda one: (one.since, one.pattern),
                lambda alike: [
                    way
                    for way in ways
                    if way[1] & alike[1] == way[1]  # type: ignore[index]
                    and (alike[0] or way == (0, 0, False))  # type: ignore[index]
                    and (alike[0] != CAME or way[0] == 0)  # type: ignore[index]
                ],
                lambda one: (one.level, one.rises, one.falling),
            ),
            "losses": More(
                lambda one: one.since > NEVER,
                lambda alike: (
                    [(a, b) for a in (False, True) for b in (False, True)] if alike else [(False, False)]
                ),
                lambda one: (one.broken, one.at_risk),
            ),
        }
        self.columns: dict[Hashable, int] = {one: at for at, one in enumerate(self.bases)}
        for name, more in self.more.items():
            for alike in dict.fromkeys(more.alike(one) for one in self.bases):
                if alike is not None:
                    for value in more.values(alike):
                        self.columns[name, alike, value] = len(self.columns)

    def _may_be(self, one: Base) -> bool:
        if one.habit and not one.pattern & self.loud:
            return False
        return not (self.company.young and one.use == 4)

    def base(self, said: Callable[[Base], bool]) -> Sum:
        terms = numpy.zeros(len(self.columns))
        terms[[self.columns[one] for one in self.bases if said(one)]] = 1
        return terms

    def told(self, name: str, said: Callable[[Hashable, Hashable], float]) -> Sum:
        """`said` of what members of a kind are alike in, and of what is known besides."""
        terms = numpy.zeros(len(self.columns))
        for key, at in self.columns.items():
            if not isinstance(key, Base) and key[0] == name:  # type: ignore[index]
                terms[at] = said(key[1], key[2])  # type: ignore[index]
        return terms

    def links(self) -> Iterator[Sum]:
        """Of each kind as many by activity as by what is known besides."""
        for name, more in self.more.items():
            for alike in dict.fromkeys(more.alike(one) for one in self.bases):
                if alike is not None:
                    here = self.base(lambda one, alike=alike, more=more: more.alike(one) == alike)  # type: ignore[misc]
                    yield here - self.told(name, lambda other, _, alike=alike: other == alike)  # type: ignore[misc]

    def count(self, members: Sequence[Member]) -> Sum:
        found = numpy.zeros(len(self.columns))
        for one in members:
            found[self.columns[one.base]] += 1
            for name, more in self.more.items():
                alike = more.alike(one.base)
                if alike is not None:
                    found[self.columns[name, alike, more.of(one)]] += 1
        return found


def _bases(company: Company) -> Iterator[Base]:
    lefts = (False, True) if any(one.base.left for one in company.members) else (False,)
    for joined in sorted({one.base.joined for one in company.members}):
        if joined > 4:
            continue
        possible = 0b1111 << max(0, joined - 1) & 0b1111
        for left in lefts:
            yield Base(joined, NEVER, 0, False, -1, left)
            if not joined:
                yield from (Base(joined, EARLIER, 0, False, use, left) for use in (2, 3, 4))
        for pattern in range(1, 16):
            if pattern & possible != pattern:
                continue
            for use in (2, 3):
                yield Base(joined, CAME, pattern, False, use, False)
                if not joined:
                    yield Base(joined, EARLIER, pattern, False, use, False)
                    yield Base(joined, EARLIER, pattern, True, use - 2, False)


class _Reader:
    def __init__(self, company: Company, known: Sequence[Member]) -> None:
        self.company, self.k = company, company.k
        self.model = Model(company)
        there = [one for one in company.members if one.base.joined <= 4]
        self.all, self.known = self.model.count(there), self.model.count(known)
        self.attack = Attack(len(self.model.columns))
        self.groups: dict[str, Sum] = {}
        self.others: dict[str, Sum] = {}
        """Of groups by work: of whom else the same is true; the known ones of these are part of the group."""
        for link in self.model.links():
            self.attack.knows(link, 0, 0)
        self._know_the_lists(there)
        self.before_reading = len(self.attack.rows)

    def _know_the_lists(self, there: Sequence[Member]) -> None:
        """Who joined when, and where they work."""
        others = list(there)
        for joined in {one.base.joined for one in there}:
            terms = self.model.base(lambda one, joined=joined: one.joined == joined)  # type: ignore[misc]
            self._sized(terms)
            for work in {(one.department, one.role) for one in others}:
                self._sized(
                    self.model.told(
                        "work",
                        lambda alike, value, joined=joined, work=work: alike[0] == joined and value == work,
                    )  # type: ignore[misc,index]
                )

    def _sized(self, terms: Sum) -> None:
        unknown = float(terms @ (self.all - self.known))
        self.attack.knows(terms, unknown, unknown)

    def reads(self, name: str, figure: Figure, terms: Sum, *within: Sum) -> None:
        """`within`: larger groups; the rest of these is a group as well."""
        if figure.ceiling is not None:
            self.attack.reads(figure, terms, float(terms @ self.known))
        self.groups[name] = terms
        for at, whole in enumerate(within):
            self.groups[f"rest {at} of {name}"] = whole - terms

    def first_month(self, week: WeekMeasures, look: int) -> None:
        model, people = self.model, publish_people(week, self.k)
        everybody = model.base(lambda one: not one.joined)
        activated = model.base(lambda one: one.since == EARLIER)
        active = model.told("past", lambda alike, value: value[1])  # type: ignore[index]
        self.reads("activated before", people.activated, activated, everybody)
        self.reads("active before", people.active_4w, active, everybody, activated)
        levels = publish_levels(week, self.k)
        assert levels is not None
        for at, (_, figure) in enumerate(levels.members):
            standing = model.told("levels", lambda alike, value, at=at: value[0] == at)  # type: ignore[misc,index]
            if not at:
                standing = standing - model.base(lambda one: one.joined > 0)
            self.reads(f"level {at} before", figure, standing, everybody)

    def week(self, week: WeekMeasures, look: int) -> None:
        """What is of one of the four weeks."""
        model, people = self.model, publish_people(week, self.k)
        active = model.base(lambda one: one.pattern >> look & 1 > 0)
        self.reads(f"active in week {look}", people.active, active)
        rose = model.told("levels", lambda alike, value: value[1] >> look & 1)  # type: ignore[index]
        self.reads(
            f"rose in week {look}",
            publish_moves(week, publish_people(week, self.k), self.k).risen,
            rose,
            active,
        )

    def second_month(self, week: WeekMeasures) -> None:
        model, k, loud = self.model, self.k, self.model.loud
        people = publish_people(week, k)
        everybody = model.base(lambda one: True)
        activated = model.base(lambda one: one.since > NEVER)
        active = model.base(lambda one: one.pattern & loud > 0)
        habitual = model.base(lambda one: one.habit)
        self.reads("activated", people.activated, activated, everybody)
        self.groups["came first"] = model.base(lambda one: one.since == CAME)
        self.reads("active", people.active_4w, active, everybody, activated)
        self.groups |= {
            f"active but not in week {at}": model.base(
                lambda one, at=at: one.pattern & loud > 0 and not one.pattern >> at & 1
            )  # type: ignore[misc]
            for at in range(4)
            if loud >> at & 1
        }
        self.reads("habitual", people.habitual, habitual, active)
        before = model.told("past", lambda alike, value: value[1])  # type: ignore[index]
        self.groups["active before and without the habit"] = before - habitual
        for use, figure in enumerate(publish_classes(week, people, k)):
            users = model.base(lambda one, use=use: one.use == use)  # type: ignore[misc]
            self.reads(f"class {use}", figure, users, activated)
        for stage, figure in published_stages.publish_stages(week, k):
            self._stage(stage, figure, active)
        self._work(week, activated, active, habitual)
        self._features(week, active)
        for end, figure in publish_cohorts(week, k).items():
            is_of = lambda value, new=end > self.company.first: (value[0] > self.company.first) is new  # noqa: E731
            size = model.told("past", lambda alike, value, is_of=is_of: is_of(value))  # type: ignore[misc]
            here = model.told("past", lambda alike, value, is_of=is_of: is_of(value) and alike[1])  # type: ignore[misc,index]
            self.groups[f"cohort {end}"] = size
            self.reads(f"cohort {end} active", figure, here, size, active)
        before = everybody
        for at, figure in enumerate(publish_funnel(week, people, "way", k) or ()):
            reached = model.told("steps", lambda alike, value, at=at: value > at)  # type: ignore[misc,operator]
            self.reads(f"step {at}", figure, reached, before)
            before = reached
        self._levels(week, everybody)

    def last_week(self, week: WeekMeasures) -> None:
        """What is of the last of the four weeks, or of its end."""
        model, k, people = self.model, self.k, publish_people(week, self.k)
        moves = publish_moves(week, people, k)
        activated = model.base(lambda one: one.since > NEVER)
        falling = model.told("levels", lambda alike, value: value[2])  # type: ignore[index]
        upper = model.told("levels", lambda alike, value: value[0] + value[1].bit_count() > 0)  # type: ignore[index]
        self.reads("falling", moves.falling, falling, upper)
        broken = model.told("losses", lambda alike, value: value[0])  # type: ignore[index]
        self.reads("lost a streak", moves.streaks_broken, broken, activated)
        at_risk = model.told("losses", lambda alike, value: value[1])  # type: ignore[index]
        self.reads("has what expires", publish_points(week, "points", k).at_risk, at_risk, activated)

    def _stage(self, stage: str, figure: Figure, active: Sum) -> None:
        model = self.model
        inside = model.base(lambda one: part_of(one, model.loud) in STAGES[stage])
        self.reads(f"stage {stage}", figure, inside)
        if stage in ("new", "active", "habitual", "slipping"):
            self.groups[f"active, not {stage}"] = active - inside
        for part in STAGES[stage]:
            self.groups[f"part {part}"] = model.base(lambda one, part=part: part_of(one, model.loud) == part)  # type: ignore[misc]
        if stage == "slipping":
            for weeks in (0b01, 0b10, 0b11):
                self.groups[f"slipping since {weeks}"] = model.base(
                    lambda one, weeks=weeks: one.pattern & model.loud == weeks
                )  # type: ignore[misc]

    def _work(self, week: WeekMeasures, activated: Sum, active: Sum, habitual: Sum) -> None:
        model, people = self.model, publish_people(week, self.k)
        works = {(one.department, one.role) for one in self.company.members}
        for place, groups in (
            (0, publish_departments(week, people, self.k)),
            (1, publish_roles(week, people, self.k)),
        ):
            for group in groups:
                inside = {work for work in works if work[place] == group.name}
                sizes = sum(
                    1 for one in self.company.members if one.base.joined <= 4 and one[3 + place] == group.name
                )
                if group.name == "(smaller)":
                    named = {other.name for other in groups}
                    inside = {work for work in works if work[place] not in named}
                    sizes = sum(
                        1
                        for one in self.company.members
                        if one.base.joined <= 4 and one[3 + place] not in named
                    )
                assert group.members.value == sizes
                whole = model.told("work", lambda alike, value, inside=inside: value in inside)  # type: ignore[misc]
                for at, (name, figure) in enumerate(
                    (("active", group.active_4w), ("habitual", group.habitual)), 2
                ):
                    terms = model.told(
                        "work", lambda alike, value, inside=inside, at=at: alike[at] and value in inside
                    )  # type: ignore[misc,index]
                    said = f"{name} of {group.name!r} {place}"
                    self.reads(said, figure, terms, whole)
                    outside = model.told("work", lambda alike, value, inside=inside: value not in inside)  # type: ignore[misc]
                    self.others[said] = model.told(
                        "work", lambda alike, value, inside=inside, at=at: alike[at] and value not in inside
                    )  # type: ignore[misc,index]
                    self.others[f"rest 0 of {said}"] = outside - self.others[said]
        for work in works:
            for name, is_active in (("active", True), ("idle", False)):
                here, elsewhere = (
                    model.told(
                        "work",
                        lambda alike, value, work=work, is_active=is_active, is_here=is_here: (
                            alike[2] == is_active and (value == work) == is_here
                        ),
                    )  # type: ignore[misc,index]
                    for is_here in (True, False)
                )
                self.groups[f"{name} of {work}"], self.others[f"{name} of {work}"] = here, elsewhere

    def _features(self, week: WeekMeasures, active: Sum) -> None:
        model, people = self.model, publish_people(week, self.k)
        organic = model.told("features", lambda alike, value: value & ORGANIC > 0)  # type: ignore[operator]
        self.reads("organic", publish_organic(week, people, self.k), organic, active)
        features = publish_features(week, self.k, people.active_4w)
        users = []
        for at, name in enumerate(FEATURES[:-1]):
            users.append(model.told("features", lambda alike, value, at=at: value >> at & 1))  # type: ignore[misc,operator]
            self.reads(f"users of {name}", features.members[name], users[-1], active)
            self.groups[f"organic without {name}"] = model.told(
                "features",
                lambda alike, value, at=at: value & ORGANIC > 0 and not value >> at & 1,  # type: ignore[misc,operator]
            )
        for (a, first), (b, second) in itertools.permutations(enumerate(FEATURES[:-1]), 2):
            self.groups[f"{first} and {second}"] = model.told(
                "features",
                lambda alike, value, a=a, b=b: value >> a & 1 and value >> b & 1,  # type: ignore[misc,operator]
            )
            self.groups[f"{first} without {second}"] = model.told(
                "features",
                lambda alike, value, a=a, b=b: value >> a & 1 and not value >> b & 1,  # type: ignore[misc,operator]
            )
        if features.uses.ceiling is not None:
            self.attack.reads(features.uses, sum(users), float(sum(users) @ self.known))

    def _levels(self, week: WeekMeasures, everybody: Sum) -> None:
        model = self.model
        levels = publish_levels(week, self.k)
        assert levels is not None
        self.reads("upper", levels.upper, self._at_least(2), everybody)
        for at, (_, figure) in enumerate(levels.members):
            standing = model.told("levels", lambda alike, value, at=at: value[0] + value[1].bit_count() == at)  # type: ignore[misc,index]
            self.reads(f"level {at}", figure, standing, everybody)
        self.groups["rose"] = model.told("levels", lambda alike, value: value[1] > 0)  # type: ignore[index]

    def _at_least(self, level: int) -> Sum:
        return self.model.told("levels", lambda alike, value: value[0] + value[1].bit_count() >= level)  # type: ignore[index]

    def _size(self, name: str, terms: Sum) -> float:
        found = float(terms @ self.all)
        return found + float(self.others[name] @ self.known) if name in self.others else found

    def learned(self) -> Iterator[str]:
        others = self.all - self.known
        names = [
            name
            for name, terms in self.groups.items()
            if terms.any() and (self._size(name, terms) < self.k or not round(float(terms @ others)))
        ]
        self.attack.look_around([self.groups[name] for name in names])
        anyway = None
        for name in names:
            terms = self.groups[name]
            if self.attack.pins(terms):
                if anyway is None:
                    anyway = Attack(len(self.model.columns))
                    anyway.rows, anyway.bounds = (
                        self.attack.rows[: self.before_reading],
                        self.attack.bounds[: self.before_reading],
                    )
                if not anyway.pins(terms):
                    yield f"{terms @ self.all:.0f} {name}"


def attack_company(company: Company, weeks: Sequence[WeekMeasures], known: Sequence[Member]) -> list[str]:
    """What was learned: groups of fewer than k, or of nobody unknown, whose size is certain."""
    reader = _Reader(company, known)
    for look, week in enumerate(weeks[:4]):
        reader.week(week, look)
    for look, week in enumerate(weeks[:3]):
        reader.first_month(week, look)
    reader.last_week(weeks[3])
    for week in weeks[3:LOOKS]:
        reader.second_month(week)
    return list(reader.learned())
