"""The health score of a company: one number from eight drivers, each explained, reckoned from figures alone.

Owns the weights of the drivers, the score's version, bands, confidence and words. What each driver measures, and
between which bounds, is `engage.core.drivers`'s; neither reads anything but published figures, seats and the age of
the contract, so the score can reveal nothing that the report does not show.

The score is 50 plus the contributions, weight x (driver - 50), each rounded to a tenth so that what is printed adds
up: the score is 50 and the printed tenths, rounded half to even. The weight of a missing driver is shared out among
the others in proportion (Catalyst), and said.

Five things count a fifth each: depth (activity, habit) and breadth (of the company, of a member), which count the same
in Gainsight's score of its own customers; what is a company's commitment, seats filled and levels reached; its trend;
and time. A fifth are 20 points, which divide the risk by three; a year of monthly renewals does so and more (see
`engage.core.drivers`). So a company that does hardly anything any more is no better off for having been there for long.
No weight was fitted to outcomes: a host's own outcomes are for checking the score, not for making it.

Version 1 had six drivers, with bounds at published thresholds (breadth and habit full at 50 %) and a trend of four
weeks against the eight before: most companies lay beyond the bounds, and a start-up counted as growth. Version 2 took
the newest 28 days; since version 3 figures of several weeks are of the newest month of four whole weeks that is over,
quiet weeks count as idle in them, and members at a level are told in bands (see `engage.core.published`). Version 4
counts time by its logarithm, and days active of a company's first month at the pace of the days there were; time and
trend counted 15 % before, in a straight line, and days active and breadth too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from engage.core.drivers import TENURE, TREND_WEEKS, Bounds, Input, points_of, read_inputs, standard_bounds
from engage.core.language import say
from engage.core.measures import HABIT_WEEKS, WeekMeasures
from engage.core.published import People, publish_month_members, publish_people, weeks_known
from engage.core.reports import BAND_FLOORS, BAND_LABELS, Band, Confidence, Driver, Health
from engage.core.scored_as import ScoredAs

VERSION: Final = 4
WEIGHTS: Final = {
    "activity": 0.10,
    "habit": 0.10,
    "breadth": 0.10,
    "features": 0.10,
    "trend": 0.20,
    "seats": 0.10,
    "levels": 0.10,
    "tenure": 0.20,
}
LABELS: Final = {
    "activity": say("Days active"),
    "habit": say("Habit"),
    "breadth": say("Features in use"),
    "features": say("Features per member"),
    "trend": say("Trend"),
    "seats": say("Seat use"),
    "levels": say("Levels"),
    "tenure": say("Time with us"),
}
WEEKS_NEEDED: Final = TREND_WEEKS
"""How many weeks a score looks at."""
WEEKS_LEAST: Final = 8
"""Fewer weeks of activity, and confidence is low."""
MISSING_SURE: Final = 0.1
"""So much of the weight may be missing where confidence is high: one driver, as levels, which not all programs have."""
DOUBT_SAID: Final = 0.5
"""A driver of which a range leaves as many points open, up or down, is named."""
SURE: Final = 2
UNSURE: Final = 10
"""Points left open by ranges, either way: up to the one confidence may be high, from the other on, half the width of a
band, it is low."""

NEUTRAL: Final = 50


def score(
    as_of: str,
    weeks: Sequence[WeekMeasures],
    seats: int | None,
    age_days: int | None,
    k: int,
    by: ScoredAs | None = None,
) -> Health:
    """The health after the last of `weeks` (consecutive, oldest first; WEEKS_NEEDED of them or fewer).

    `seats`: agreed in the contract; `age_days`: how long the company has been a customer; None: not known. `by`: the
    profile of the host's definition that fits; None: the weights and bounds stated here.
    """
    people = publish_people(weeks[-1], k) if weeks else None
    if people is None or people.active_4w.floor < k:
        verdict = _unscored(weeks[-1] if weeks else None, k)
        return Health(as_of, None, "unscored", "low", verdict, version=VERSION)
    inputs = read_inputs(weeks[-WEEKS_NEEDED:], people, seats, age_days, k, _bounds_of(by))
    weights = _weights_of(by)
    drivers = _weigh(inputs, weights)
    value = round(NEUTRAL + _tenths(drivers) / 10)
    band = band_of(value)
    doubts = {one.name: _doubt(inputs[one.name], one.weight, one.name) for one in drivers}
    confidence, reasons = _confidence(weeks[-1], people, inputs, weights, doubts)
    # Of the others the range leaves open whether they speak for the company or against it.
    clear = [one for one in drivers if doubts[one.name] <= abs(one.contribution)]
    return Health(
        as_of,
        value,
        band,
        confidence,
        verdict_of(value, band, clear or drivers),
        drivers,
        (*_redistributed(inputs, weights), *reasons),
        version=VERSION,
        profile=by,
    )


def _weights_of(by: ScoredAs | None) -> Mapping[str, float]:
    return WEIGHTS if by is None else by.weights


def _bounds_of(by: ScoredAs | None) -> dict[str, Bounds]:
    return {} if by is None else {name: Bounds(*ends) for name, ends in by.bounds.items()}


def frozen(health: Health, as_of: str) -> Health:
    """The health of a company whose contract has ended: as it was, whatever the silence since would make of it. It does
    not change any more, so no change is told, nor what tells of nothing else."""
    note = say("Frozen when the contract ended: the score is that of {day}.", day=health.as_of)
    return replace(
        health,
        as_of=as_of,
        drivers=tuple(
            replace(one, change=0.0) for one in health.drivers if one.name in WEIGHTS or one.contribution
        ),
        notes=health.notes if frozen_notes(health) else (*health.notes, note),
        change_4w=None,
        change_13w=None,
        slid="",
    )


def frozen_notes(health: Health) -> tuple[str, ...]:
    """Of when a frozen score is; of any other, nothing."""
    return tuple(one for one in health.notes if one.startswith("Frozen when"))


def counted_notes(health: Health) -> tuple[str, ...]:
    """In which four weeks members are counted, where these are not the newest."""
    return tuple(
        one for one in health.notes if one.startswith("Members, features and days active are counted")
    )


def band_of(value: int) -> Band:
    return next(band for band, floor in BAND_FLOORS if value >= floor)


def _tenths(drivers: Sequence[Driver]) -> int:
    """The contributions added up as they are printed, in whole tenths: sums of binary fractions are not exact."""
    return sum(round(10 * driver.contribution) for driver in drivers)


def _weigh(inputs: dict[str, Input], weights: Mapping[str, float]) -> tuple[Driver, ...]:
    """What a profile gives no weight is there as well, and moves nothing: goals may be set on it."""
    shares = _shared_out([name for name, one in inputs.items() if one.estimate is not None], weights)
    drivers = []
    for name, weight in shares.items():
        one = inputs[name]
        assert one.estimate is not None, "a missing driver has no share"
        points = points_of(name, one.bounds, one.estimate)
        contribution = _contribution(weight, points)
        figure = one.figure
        between = (figure.floor, figure.ceiling) if figure.value is None and figure.ceiling else None
        drivers.append(
            Driver(
                name,
                LABELS[name],
                figure.value,
                points,
                round(weight, 4),
                contribution,
                one.text,
                between=between,
            )
        )
    return tuple(sorted(drivers, key=lambda driver: -abs(driver.contribution)))


def _shared_out(known: Sequence[str], weights: Mapping[str, float]) -> dict[str, float]:
    """The weight of each driver that is known, with what the others would have had."""
    whole = sum(weights.get(name, 0.0) for name in known)
    return {name: weights.get(name, 0.0) / whole for name in known}


def _contribution(weight: float, points: float) -> float:
    return round(weight * (points - NEUTRAL), 1)


def contributions_by(by: ScoredAs | None, then: Health, age_days: int | None) -> dict[str, float]:
    """What the drivers of an earlier score would have contributed by another profile, from what was told of them: the
    value, or the middle of the range. So a change of profile can be told from a change of the company.

    `age_days`: how long it had been a customer then.
    """
    bounds, before = _bounds_of(by), _bounds_of(then.profile)
    known = {one.name: one for one in then.drivers if one.name in WEIGHTS}
    found = {}
    for name, weight in _shared_out(list(known), _weights_of(by)).items():
        one, points = known[name], known[name].score
        between = bounds.get(name) or standard_bounds(name, age_days)
        estimate = sum(one.between) / 2 if one.value is None and one.between else one.value
        if estimate is not None and between != (before.get(name) or standard_bounds(name, age_days)):
            points = points_of(name, between, estimate)
        found[name] = _contribution(weight, points)
    return found


def _redistributed(inputs: dict[str, Input], weights: Mapping[str, float]) -> tuple[str, ...]:
    absent = [name for name, one in inputs.items() if one.estimate is None and weights.get(name)]
    return tuple(
        say(
            "{driver} is missing: {why}. Its weight of {weight} is shared out among the others in proportion.",
            driver=LABELS[name],
            why=inputs[name].text,
            weight=f"{100 * weights[name]:.0f} %",
        )
        for name in absent
    )


def _doubt(one: Input, weight: float, name: str) -> float:
    """By how many points the score may be off, up or down, since of an input only a range may be told."""
    between = one.between()
    if between is None:
        return 0.0
    low, high = (points_of(name, one.bounds, end) for end in between)
    return weight * (high - low) / 2


def _confidence(
    week: WeekMeasures,
    people: People,
    inputs: dict[str, Input],
    weights: Mapping[str, float],
    doubts: Mapping[str, float],
) -> tuple[Confidence, tuple[str, ...]]:
    """High: 20 active members, 12 weeks, a tenth missing at most, and ranges that leave hardly a point open. Low: under
    10, or 8 weeks, or half, or so many points open that the band itself is not sure."""
    absent = sum(weights.get(name, 0.0) for name, one in inputs.items() if one.estimate is None)
    open_points = round(sum(doubts.values()))
    active, known = people.active_4w.floor, weeks_known(week)
    reasons = []
    if active < 20:
        reasons.append(say("Fewer than 20 active members: single people move the score."))
    if known < HABIT_WEEKS:
        reasons.append(say("Only {weeks:d} weeks of activity so far.", weeks=known))
    is_sure = not reasons and absent <= MISSING_SURE and open_points <= SURE
    if ranges := [LABELS[name] for name in inputs if doubts.get(name, 0.0) >= DOUBT_SAID]:
        reasons.append(
            say(
                "Reckoned with the middle of a range, to protect individuals: {driver_list}.",
                driver_list=", ".join(ranges),
            )
        )
    if open_points:
        reasons.append(
            say(
                "For what is told as a range the score may be off by {points:d} either way.",
                points=open_points,
            )
        )
    if active < 10 or known < WEEKS_LEAST or absent >= 0.5 or open_points >= UNSURE:
        return "low", tuple(reasons)
    return ("high" if is_sure else "medium"), tuple(reasons)


def verdict_of(value: int, band: Band, drivers: Sequence[Driver]) -> str:
    """By what members do, where anything of that tells: nobody can act on how long a company has been a customer."""
    told = sorted(drivers, key=lambda driver: driver.name == TENURE)
    best = next((d for d in told if d.contribution > 0), None)
    worst = next((d for d in told if d.contribution < 0), None)
    first, second = (worst, best) if value < NEUTRAL else (best, worst)
    first, second = (first, second) if first is not None else (second, None)
    label = BAND_LABELS[band]
    if first is None:
        return say("{band} at {score:d} of 100.", band=label, score=value)
    if second is None:
        return say("{band} at {score:d} of 100: {why}.", band=label, score=value, why=first.text)
    return say(
        "{band} at {score:d} of 100: {why}, yet {other}."
        if value < NEUTRAL
        else "{band} at {score:d} of 100: {why}, but {other}.",
        band=label,
        score=value,
        why=first.text,
        other=second.text,
    )


def _unscored(week: WeekMeasures | None, k: int) -> str:
    """By how many members there are and were, which the host's lists say, and not by who was active: the same of a
    company where nobody ever was, since that would be said of everybody in it."""
    if week is None:
        return say(
            "Not scored: no week is measured yet. It takes a whole one, from when a member was named or {k:d} came "
            "on a day.",
            k=k,
        )
    least = 2 * k - 1
    if week.members < least:
        return say(
            "Not scored: there are fewer than {least:d} members, too few to say anything without telling on "
            "individuals.",
            least=least,
        )
    if publish_month_members(week).floor - week.absent_4w < least:
        return say(
            "Not scored: fewer than {least:d} members were there in four weeks, too few to say anything "
            "without telling on individuals.",
            least=least,
        )
    return say(
        "Not scored: fewer than {k:d} members were active in four weeks, too few to say anything "
        "without telling on individuals.",
        k=k,
    )
