"""The inputs of the health score: what each is reckoned from, between which bounds, and how it is said.

Owns the definition of every driver. Must not know weights, bands or the verdict (`engage.core.health`), nor a member,
a raw count or a date: it reads what `engage.core.published` lets out, and contract facts. Hidden figures count with the
middle of the range that may be told; a driver whose figures tell too little is missing, and its text says why. A
profile of the host's (`engage.core.profiles`) may put other bounds to a driver, in the same units.

Each driver runs linearly from 0 at its lower bound to 100 at its upper bound (Natero: (x - lo) / (hi - lo), clamped);
time does so by its logarithm. The bounds are the natural ends of what is measured, so that no driver saturates where a
company still can get better or worse; published thresholds then lie within, near the neutral 50:

    driver    what                                          0     100    thresholds elsewhere
    activity  days active of 28, per active member          0     28     Gainsight: 10 are healthy; ChurnZero: 18 daily
    habit     active members active in 9 of 12 weeks        0 %   100 %  Viva Insights; Gainsight: green at 50 %
    breadth   key events that k members or more used        none  all    Gainsight: 4 top features, of a usual 8
    features  key events used per active member             none  all    the same, for one member
    trend     active days, 4 weeks to the best 4 of 26      40 %  100 %  Tenzo: -60 % is as low as a trend goes
    seats     active members per seat, four weeks           0 %   100 %  GitLab, Sourcegraph: red below 50, green at 80
              in the first 180 days                         0 %   75 %   GitLab: new ones are green at 75
    levels    share of members at level 2 or above          0 %   100 %  ours, in analogy to habit
    tenure    months with the host                          0     12     see below

Why these. Breadth is counted in features that at least k members use: what hangs on fewer goes when they go, and a
company that relies on many parts of a product finds it hard to replace. Beside it stands the mean member, so that
breadth does not merely say that a company is large. The trend is measured against the company's own best, not the
weeks before: a new company that is ramping up is not better off than a settled one, and a slow decline shows as long
as the best is remembered. It counts active days, which fall when fewer come and when the same come less often.
Days active of a month in which a company began are reckoned from the days there are: seven of the first seven are 28 of
28, since nobody could be active before. How many key events are in use is not stretched so: it grows ever more slowly.
Tenure is no behaviour but a prior: in subscription businesses the risk of leaving is highest at first and falls with
time, steeply at first and ever more slowly, since those who leave easily leave early. Where the propensity to leave
varies as a beta distribution, it falls as 1 / (a + b + renewals so far) (Fader and Hardie, How to Project Customer
Retention, 2007; their better customers have a + b of 4.5, their others 1.9). A score is a logarithm of risk (each 20
points divide it by three: `engage.core.calibration`), so time counts by log(4 + months), and a year is full trust.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log
from typing import Final, NamedTuple

from engage.core.language import say
from engage.core.measures import HABIT_WEEKS, MONTH_WEEKS, WEEK, WeekMeasures
from engage.core.privacy import NOT_SHOWN, Figure, fact, missing, ratio
from engage.core.published import (
    People,
    days_of_month,
    days_there,
    days_told,
    publish_levels,
    publish_members,
    publish_week_days,
    weeks_known,
)
from engage.core.published_beginners import Features, publish_features
from engage.core.published_people import publish_days_each

TREND_WEEKS: Final = 26
"""How far back the best four weeks are looked for: half a year, so that last year's peak is not held against this."""
TREND_WEEKS_LEAST: Final = 12
"""Before that many weeks of activity a company has no best to be measured by: it is still starting."""
TREND_GOOD: Final = 70
"""From this share of the best on a trend speaks for a company, and is said so: the middle of its bounds."""
WIDE: Final = 1.5
"""A range whose ends differ by more is told as one, for its middle may be far off."""
FEATURES_ENOUGH: Final = 30
"""Where more key events are declared, this many count as all: nobody needs every corner of a large product."""
TENURE: Final = "tenure"
TENURE_MONTHS: Final = 12
TENURE_START: Final = 4
"""The months that a customer is reckoned to have behind it when it begins: after as many more the risk has halved."""
DAYS_PER_MONTH: Final = 365.25 / 12
YOUNG_DAYS: Final = 180


class Bounds(NamedTuple):
    low: float
    high: float


SHARE: Final = Bounds(0, 100)
MONTH: Final = Bounds(0, WEEK * MONTH_WEEKS)
TREND: Final = Bounds(40, 100)
SEATS_YOUNG: Final = Bounds(0, 75)
YEAR: Final = Bounds(0, TENURE_MONTHS)
_OTHERS: Final = {"activity": MONTH, "trend": TREND, TENURE: YEAR}
ENDS: Final = {"activity": MONTH, TENURE: Bounds(0, 10 * TENURE_MONTHS)}
"""Between what a driver may have bounds of a profile's own; of all others it is a share."""


class Input(NamedTuple):
    """What a driver is reckoned from. No estimate: it is missing, and `text` says why."""

    figure: Figure
    estimate: float | None
    text: str
    bounds: Bounds = SHARE
    ends: tuple[float, float] | None = None
    """Between what the estimate may lie, where the figure is not that range itself and yet is reckoned from one."""

    def between(self) -> tuple[float, float] | None:
        """The range of which the estimate is the middle, or near it."""
        if self.ends is not None or self.figure.value is not None or self.figure.ceiling is None:
            return self.ends
        return self.figure.floor, self.figure.ceiling


def is_young(age_days: int | None) -> bool:
    return age_days is not None and age_days < YOUNG_DAYS


def standard_bounds(name: str, age_days: int | None) -> Bounds:
    """Those of a driver where no profile has others."""
    return SEATS_YOUNG if name == "seats" and is_young(age_days) else _OTHERS.get(name, SHARE)


def points_of(name: str, bounds: Bounds, estimate: float) -> float:
    """0 to 100, of a driver's estimate between its bounds."""
    low, high, reached = (_along(name, value) for value in (*bounds, estimate))
    return round(100 * min(1.0, max(0.0, (reached - low) / (high - low))), 1)


def _along(name: str, value: float) -> float:
    return log(TENURE_START + max(0.0, value)) if name == TENURE else value


def tenure_points(age_days: int) -> float:
    """Of the time as a customer alone, which is known of companies that are not scored as well."""
    return points_of(TENURE, YEAR, age_days / DAYS_PER_MONTH)


def read_inputs(
    weeks: Sequence[WeekMeasures],
    people: People,
    seats: int | None,
    age_days: int | None,
    k: int,
    bounds: Mapping[str, Bounds] | None = None,
) -> dict[str, Input]:
    """Every driver's input after the last of `weeks`, whose people as published are `people`: k or more active.

    `bounds`: of those drivers that have others than stated here.
    """
    last = weeks[-1]
    features = publish_features(last, k, people.active_4w)
    bounds = bounds or {}
    young = is_young(age_days) and "seats" not in bounds
    inputs = {
        "activity": _activity(weeks, people, k),
        "habit": _habit(last, people),
        "breadth": _breadth(features, k),
        "features": _features(features, people, k),
        "trend": _trend(weeks, k),
        "seats": _seats(people, seats, young=young),
        "levels": _levels(last, k),
        TENURE: _tenure(last, age_days),
    }
    for name, between in bounds.items():
        inputs[name] = inputs[name]._replace(bounds=between)
    return inputs


def _absent(text: str, unit_bounds: Bounds = SHARE) -> Input:
    return Input(missing("percent"), None, text, unit_bounds)


def _too_early(needed: int, weeks: int) -> str:
    return say("needs {needed:d} weeks of activity; there are {weeks:d}", needed=needed, weeks=weeks)


def _active(people: People) -> float:
    """Only companies of which this can be told are scored."""
    active = people.active_4w.estimate
    assert active, "a scored company has active members"
    return active


def _activity(weeks: Sequence[WeekMeasures], people: People, k: int) -> Input:
    told, there = publish_days_each(weeks, people.active_4w, k), days_there(weeks)
    low, high = (_of_month(days or 0, there) for days in (told.low, told.high))
    if told.value is not None:
        each = _of_month(told.value, there)
    elif high:
        each = round((low + high) / 2, 1)
    else:  # of some weeks it is not told at all
        each = _of_month(days_of_month(weeks, k) / _active(people), there)
    if told.value is None and low and high > WIDE * low:
        text = say("an active member was active on {low:g} to {high:g} of 28 days", low=low, high=high)
    elif told.value is None:
        text = say("an active member was active on about {days:g} of 28 days", days=each)
    else:
        text = say("an active member was active on {days:g} of 28 days", days=each)
    if there < MONTH.high:
        text = say("{text}, reckoned from {days:d} days", text=text, days=there)
    ends = None if told.value is not None else (low, high) if high else (each, MONTH.high)
    return Input(fact(each, "days"), each, text, MONTH, ends)


def _of_month(days: float, there: int) -> float:
    """Of 28 days, at the pace of as many as there are; nobody is active on more than those."""
    return round(min(days, there) * MONTH.high / there, 1)


def _habit(week: WeekMeasures, people: People) -> Input:
    known = weeks_known(week)
    if known < HABIT_WEEKS:
        return _absent(_too_early(HABIT_WEEKS, known))
    share = ratio(people.habitual, people.active_4w)
    if share.estimate is None:
        return _absent(say("how many members have the habit cannot be shown"))
    text = say("{share} of active members were active in at least 9 of the last 12 weeks", share=share.text)
    return Input(share, share.estimate, text)


def _breadth(features: Features, k: int) -> Input:
    cells = features.members.values()
    if not cells:
        return _absent(say("the program declares no key events"))
    known = len(cells) - _untold(features, k)
    if 2 * known < len(cells):
        return _absent(say("how many features are in use cannot be shown"))
    used = sum(1 for cell in cells if cell.floor >= k)
    share = _of_enough(used, known)
    if known == 1:
        text = say("{used:d} of 1 key feature is used by at least {k:d} members", used=used, k=k)
    else:
        text = say(
            "{used:d} of {count:d} key features are used by at least {k:d} members",
            used=used,
            count=known,
            k=k,
        )
    return Input(fact(share, "percent"), share, _besides(text, len(cells) - known))


def _of_enough(count: float, known: int) -> float:
    """In percent of as many features as there are, or as anybody needs."""
    return min(100.0, round(100 * count / min(known, FEATURES_ENOUGH), 1))


def _untold(features: Features, k: int) -> int:
    """Of how many it is not told whether `k` members used them: where it is told of most, these are left out."""
    return sum(1 for cell in features.members.values() if _is_untold(cell, k))


def _is_untold(cell: Figure, k: int) -> bool:
    return cell.text == NOT_SHOWN and cell.floor < k


def _besides(text: str, untold: int) -> str:
    return say("{text}; {figure} cannot be shown", text=text, figure=untold) if untold else text


def _features(features: Features, people: People, k: int) -> Input:
    """What fewer than k use counts as unused, as in breadth: that they are few is all that is known."""
    declared = len(features.members)
    if not declared:
        return _absent(say("the program declares no key events"))
    untold = _untold(features, k)
    found = uses_each(features, people, k)
    if found is None:
        return _absent(say("how many features a member uses cannot be shown"))
    each, is_exact = found
    known = declared - untold
    share = _of_enough(each, known)
    text = _uses_words(each, known, is_exact)
    return Input(fact(share, "percent"), share, _besides(text, untold))


def uses_each(features: Features, people: People, k: int) -> tuple[float, bool] | None:
    """How many key features an active member uses, and whether that is exact; None where of most it is not told. Some
    were active."""
    uses, untold = features.uses.value, _untold(features, k)
    if uses is None:
        if 2 * untold > len(features.members):
            return None
        uses = sum(one.estimate or 0.0 for one in features.members.values() if one.floor >= k)
    each = min(float(len(features.members) - untold), round(uses / _active(people), 1))
    is_told = all(cell.value is not None or _is_untold(cell, k) for cell in features.members.values())
    return each, is_told and people.active_4w.value is not None


def _uses_words(each: float, known: int, is_exact: bool) -> str:
    if known == 1 and is_exact:
        return say("an active member uses {each:g} of 1 key feature", each=each)
    if known == 1:
        return say("an active member uses about {each:g} of 1 key feature", each=each)
    if is_exact:
        return say("an active member uses {each:g} of {count:d} key features", each=each, count=known)
    return say("an active member uses about {each:g} of {count:d} key features", each=each, count=known)


def _trend(weeks: Sequence[WeekMeasures], k: int) -> Input:
    recent = weeks[-max(1, min(TREND_WEEKS, weeks_known(weeks[-1]))) :]
    if len(recent) < TREND_WEEKS_LEAST:
        return _absent(_too_early(TREND_WEEKS_LEAST, len(recent)), TREND)
    months = [days_told(recent[end - MONTH_WEEKS : end], k) for end in range(MONTH_WEEKS, len(recent) + 1)]
    if not max(months):
        return _absent(say("how much was done cannot be shown"), TREND)
    share = round(100 * months[-1] / max(months))
    text = _trend_words(share, len(recent))
    newest = [publish_week_days(week, k) for week in recent[-MONTH_WEEKS:]]
    least, most = sum(one.floor for one in newest), sum(one.ceiling or 0 for one in newest)
    if most > WIDE * least:
        text = say("{text}, by a rough estimate", text=text)
    ends = (100 * least / max(months), 100 * most / max(months)) if least < most else None
    return Input(fact(share, "percent"), share, text, TREND, ends)


def _trend_words(share: int, weeks: int) -> str:
    if share == 100:
        return say("as much activity in four weeks as ever in the last {count:d}", count=weeks)
    if share == 0:
        # Weeks of which nothing may be told count as none: that nobody did anything would be too much to say.
        return say(
            "hardly any activity in four weeks, against the best four of the last {count:d} weeks",
            count=weeks,
        )
    if share >= TREND_GOOD:
        return say(
            "{share:d} % of the activity in the best four of the last {count:d} weeks",
            share=share,
            count=weeks,
        )
    return say(
        "{share:d} % less activity than in the best four of the last {count:d} weeks",
        share=100 - share,
        count=weeks,
    )


def _seats(people: People, seats: int | None, *, young: bool) -> Input:
    if not seats:
        return _absent(say("the number of seats is not known"))
    share = ratio(people.active_4w, fact(seats, "seats"))
    if share.estimate is None:
        return _absent(say("how many of the seats are in use cannot be shown"))
    active = people.active_4w.text
    text = say("{active} active members for {seats:,} seats in four weeks", active=active, seats=seats)
    if young:
        text = say("{text}, measured as a new customer", text=text)
    return Input(share, share.estimate, text, SEATS_YOUNG if young else SHARE)


def _levels(week: WeekMeasures, k: int) -> Input:
    levels = publish_levels(week, k)
    if levels is None:
        return _absent(say("the program has no levels"))
    share = ratio(levels.upper, publish_members(week))
    if share.estimate is None:
        return _absent(say("how many members stand at the second level or above cannot be shown"))
    text = say("{share} of members stand at the second level or above", share=share.text)
    return Input(share, share.estimate, text)


def _tenure(week: WeekMeasures, age_days: int | None) -> Input:
    """Without contract facts, since the first activity: it cannot have begun later."""
    known = age_days is not None
    days = max(0, age_days) if age_days is not None else weeks_known(week) * WEEK
    months = int(days / DAYS_PER_MONTH)
    text = _customer_for(months)
    if not known:
        text = say("{text}, going by the first activity", text=text)
    return Input(fact(months, "each"), days / DAYS_PER_MONTH, text, YEAR)


def _customer_for(months: int) -> str:
    if months >= TENURE_MONTHS:
        return say("a customer for a year or more")
    if months == 0:
        return say("a customer for less than a month")
    return say(
        "a customer for {count:d} month" if months == 1 else "a customer for {count:d} months", count=months
    )
