"""The health score of a company: one number from six drivers, each explained, reckoned from figures alone.

Owns the definition of the score, its version, bands and words. Must not know a member, a raw count or a date: it
reads what `engage.core.published` lets out, seats and the age of the contract, so the score can reveal nothing that
the report does not show. Hidden figures count with the middle of the range that may be told.

Each driver runs linearly from 0 at its lower bound to 100 at its upper bound (Natero: (x - lo) / (hi - lo), clamped):

    driver    what                                            0      100    bounds after
    activity  days active of 28, per active member            2      18     ChurnZero: of 14 days, 1 idle, 9 daily
    habit     active members active in 9 of 12 weeks          0 %    50 %   Viva Insights; Gainsight: green at 50 %
    momentum  weekly active members, 4 weeks to 8 before      0.4    1.4    Tenzo: -60 % is as low as a trend goes
    breadth   key events an active member uses, of all        0 %    50 %   Gainsight: 4 top features, of a usual 8
    seats     active members per seat, four weeks             50 %   80 %   GitLab, Sourcegraph: red below, green above
              in the first 180 days                           10 %   75 %   GitLab: yellow from 10, green from 75
    levels    share of members at level 2 or above            0 %    50 %   ours, in analogy to habit

Weights sum to 1; level of use, trend and reach in the proportions of Tenzo (40 level, 30 trend, 30 recency), with
reach over product and seats in place of recency, which the four-week window already demands. The weight of a missing
driver is shared out in proportion (Catalyst), and said. The score is 50 plus the contributions, weight x (driver - 50).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from engage.core.measures import HABIT_WEEKS, MONTH_WEEKS, WeekMeasures
from engage.core.privacy import NOT_SHOWN, Figure, fact, mean, missing, ratio
from engage.core.published import (
    People,
    publish_features,
    publish_levels,
    publish_month_days,
    publish_people,
)
from engage.core.reports import BAND_FLOORS, BAND_LABELS, Band, Confidence, Driver, Health

VERSION: Final = 1
WEIGHTS: Final = {
    "activity": 0.20,
    "habit": 0.15,
    "momentum": 0.20,
    "breadth": 0.20,
    "seats": 0.15,
    "levels": 0.10,
}
LABELS: Final = {
    "activity": "Days active",
    "habit": "Habit",
    "momentum": "Momentum",
    "breadth": "Breadth",
    "seats": "Seat use",
    "levels": "Levels",
}
BEFORE_WEEKS: Final = 8
BEFORE_WEEKS_LEAST: Final = 4
WEEKS_NEEDED: Final = MONTH_WEEKS + BEFORE_WEEKS
"""How many weeks a score looks at; the score of four weeks ago, for the change, needs four more."""

YOUNG_DAYS: Final = 180
NEUTRAL: Final = 50.0
RANGE_MAX: Final = 50.0
"""Percent: a share that may be told only as a range wider than this is taken as missing."""


class Bounds(NamedTuple):
    low: float
    high: float


BOUNDS: Final = {
    "activity": Bounds(2, 18),
    "habit": Bounds(0, 50),
    "momentum": Bounds(0.4, 1.4),
    "breadth": Bounds(0, 50),
    "seats": Bounds(50, 80),
    "levels": Bounds(0, 50),
}
SEATS_YOUNG: Final = Bounds(10, 75)


class Input(NamedTuple):
    """What a driver is reckoned from. No estimate: it is missing, and `text` says why."""

    figure: Figure
    estimate: float | None
    text: str
    bounds: Bounds


def score(
    as_of: str, weeks: Sequence[WeekMeasures], seats: int | None, age_days: int | None, k: int
) -> Health:
    """The health after the last of `weeks` (consecutive, oldest first; WEEKS_NEEDED of them or fewer).

    `seats`: agreed in the contract; `age_days`: how long the company has been a customer; None: not known.
    """
    recent = weeks[-WEEKS_NEEDED:]
    people = [publish_people(week, k) for week in recent]
    if not people or people[-1].active_4w.floor < k:
        return Health(as_of, None, "unscored", "low", _unscored(recent, people, k))
    inputs = {
        "activity": _activity(recent, people[-1], k),
        "habit": _habit(recent[-1], people[-1]),
        "momentum": _momentum(recent, people),
        "breadth": _breadth(recent[-1], people[-1], k),
        "seats": _seats(people[-1], seats, age_days),
        "levels": _levels(recent[-1], k),
    }
    drivers = _weigh(inputs)
    value = round(NEUTRAL + sum(driver.contribution for driver in drivers))
    band = band_of(value)
    confidence, reasons = _confidence(recent[-1], people[-1], inputs)
    return Health(
        as_of,
        value,
        band,
        confidence,
        _verdict(value, band, drivers),
        drivers,
        (*_redistributed(inputs), *reasons),
        version=VERSION,
    )


def band_of(value: int) -> Band:
    return next(band for band, floor in BAND_FLOORS if value >= floor)


def _estimate(figure: Figure) -> float | None:
    """A range too wide says nothing: the driver is missing rather than a guess."""
    if figure.low is not None and figure.high is not None and figure.high - figure.low > RANGE_MAX:
        return None
    return figure.estimate


def _active(people: People) -> float:
    """Only companies of which this can be told are scored."""
    active = people.active_4w.estimate
    assert active, "a scored company has active members"
    return active


def _activity(weeks: Sequence[WeekMeasures], people: People, k: int) -> Input:
    days = publish_month_days(weeks, people.active_4w, k)
    assert days.estimate is not None
    each = round(days.estimate / _active(people), 1)
    text = f"an active member was active on {each:g} of the last 28 days"
    return Input(fact(each, "days"), each, text, BOUNDS["activity"])


def _habit(week: WeekMeasures, people: People) -> Input:
    if week.weeks_known < HABIT_WEEKS:
        text = f"needs {HABIT_WEEKS} weeks of activity; there are {week.weeks_known}"
        return Input(missing("percent"), None, text, BOUNDS["habit"])
    share = ratio(people.habitual, people.active_4w)
    text = f"{share.text} of active members were active in at least 9 of the last 12 weeks"
    if _estimate(share) is None:
        text = "how many members have the habit cannot be shown"
    return Input(share, _estimate(share), text, BOUNDS["habit"])


def _momentum(weeks: Sequence[WeekMeasures], people: Sequence[People]) -> Input:
    bounds = BOUNDS["momentum"]
    since = weeks[-1].since
    lived = [p.active for week, p in zip(weeks, people, strict=True) if week.monday >= since]
    if len(lived) < MONTH_WEEKS + BEFORE_WEEKS_LEAST:
        text = f"needs {MONTH_WEEKS + BEFORE_WEEKS_LEAST} weeks of activity; there are {len(lived)}"
        return Input(missing("percent"), None, text, bounds)
    before = mean(lived[:-MONTH_WEEKS][-BEFORE_WEEKS:], "members")
    now = mean(lived[-MONTH_WEEKS:], "members")
    if any(figure.hidden and figure.text == NOT_SHOWN for figure in lived):
        text = "how many members were active in single weeks cannot be shown"
        return Input(missing("percent"), None, text, bounds)
    factor = (now.value or 0.0) / (before.value or 1.0)
    change = round(100 * (factor - 1))
    weeks_before = min(BEFORE_WEEKS, len(lived) - MONTH_WEEKS)
    if change == 0:
        text = f"as many members active per week as in the {weeks_before} weeks before"
    else:
        more = "more" if change > 0 else "fewer"
        text = f"{abs(change)} % {more} members active per week than in the {weeks_before} weeks before"
    return Input(fact(change, "percent"), factor, text, bounds)


def _breadth(week: WeekMeasures, people: People, k: int) -> Input:
    declared = len(week.features)
    if not declared:
        text = "the program declares no key events"
        return Input(missing("percent"), None, text, BOUNDS["breadth"])
    features = publish_features(week, k, people.active_4w)
    uses = features.uses.value
    if uses is None:
        if any(figure.text == NOT_SHOWN for figure in features.members.values()):
            text = "how many features are in use cannot be shown"
            return Input(missing("percent"), None, text, BOUNDS["breadth"])
        uses = sum(figure.estimate or 0.0 for figure in features.members.values())
    each = min(float(declared), round(uses / _active(people), 1))
    share = round(100 * each / declared, 1)
    text = f"an active member uses {each:g} of {declared} key features"
    return Input(fact(share, "percent"), share, text, BOUNDS["breadth"])


def _seats(people: People, seats: int | None, age_days: int | None) -> Input:
    if not seats:
        return Input(missing("percent"), None, "the number of seats is not known", BOUNDS["seats"])
    share = ratio(people.active_4w, fact(seats, "seats"))
    young = age_days is not None and age_days < YOUNG_DAYS
    text = f"{people.active_4w.text} active members for {seats:,} seats in the last four weeks"
    if young:
        text += ", measured as a new customer"
    return Input(share, share.estimate, text, SEATS_YOUNG if young else BOUNDS["seats"])


def _levels(week: WeekMeasures, k: int) -> Input:
    levels = publish_levels(week, k)
    if levels is None:
        return Input(missing("percent"), None, "the program has no levels", BOUNDS["levels"])
    share = ratio(levels.upper, fact(week.members, "members"))
    text = f"{share.text} of members stand at the second level or above"
    if _estimate(share) is None:
        text = "how many members stand at the second level or above cannot be shown"
    return Input(share, _estimate(share), text, BOUNDS["levels"])


def _weigh(inputs: dict[str, Input]) -> tuple[Driver, ...]:
    whole = sum(WEIGHTS[name] for name, one in inputs.items() if one.estimate is not None)
    drivers = []
    for name, one in inputs.items():
        if one.estimate is None:
            continue
        low, high = one.bounds
        points = round(100 * min(1.0, max(0.0, (one.estimate - low) / (high - low))), 1)
        weight = WEIGHTS[name] / whole
        contribution = round(weight * (points - NEUTRAL), 2)
        drivers.append(
            Driver(name, LABELS[name], one.figure.value, points, round(weight, 4), contribution, one.text)
        )
    return tuple(sorted(drivers, key=lambda driver: -abs(driver.contribution)))


def _redistributed(inputs: dict[str, Input]) -> tuple[str, ...]:
    absent = [name for name, one in inputs.items() if one.estimate is None]
    return tuple(
        f"{LABELS[name]} is missing: {inputs[name].text}. Its weight of {WEIGHTS[name]:.0%} is shared out "
        "among the others in proportion."
        for name in absent
    )


def _confidence(
    week: WeekMeasures, people: People, inputs: dict[str, Input]
) -> tuple[Confidence, tuple[str, ...]]:
    """High: 20 active members, 12 weeks, every input there and none a range. Low: under 10, or 8 weeks, or half."""
    absent = sum(WEIGHTS[name] for name, one in inputs.items() if one.estimate is None)
    ranges = [LABELS[n] for n, i in inputs.items() if i.estimate is not None and i.figure.hidden]
    active = people.active_4w.floor
    reasons = []
    if active < 20:
        reasons.append("Fewer than 20 active members: single people move the score.")
    if week.weeks_known < HABIT_WEEKS:
        reasons.append(f"Only {week.weeks_known} weeks of activity so far.")
    if ranges:
        reasons.append(f"Reckoned with the middle of a range, to protect individuals: {', '.join(ranges)}.")
    if active < 10 or week.weeks_known < MONTH_WEEKS + BEFORE_WEEKS_LEAST or absent >= 0.5:
        return "low", tuple(reasons)
    return ("medium" if reasons or absent else "high"), tuple(reasons)


def _verdict(value: int, band: Band, drivers: Sequence[Driver]) -> str:
    best = next((d for d in drivers if d.contribution > 0), None)
    worst = next((d for d in drivers if d.contribution < 0), None)
    sentence = f"{BAND_LABELS[band]} at {value} of 100"
    if worst is not None and (best is None or value < NEUTRAL):
        sentence += f": {worst.text}"
        return sentence + (f", yet {best.text}." if best else ".")
    if best is not None:
        sentence += f": {best.text}"
        return sentence + (f", but {worst.text}." if worst else ".")
    return sentence + "."


def _unscored(weeks: Sequence[WeekMeasures], people: Sequence[People], k: int) -> str:
    if not people or not weeks[-1].since:
        return "Not scored: no activity has been recorded yet."
    return (
        f"Not scored: fewer than {k} members were active in the last four weeks, too few to say anything "
        "without telling on individuals."
    )
