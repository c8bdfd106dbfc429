"""What may leave: the only maker of figures that customer success sees.

Owns the floor, the hiding of what could be worked out from what is shown, and the words shown instead. Must not
know what is counted, or where it is printed. Everything that reports, pages, exports and the health score use is
a `Figure` made here; whatever is computed from figures alone can reveal nothing that they do not.

The rules (k is the floor, 5 unless the host chose more, never below 3):

- A count of people below k is hidden, and so is zero: "nobody in the group did it" is a statement about everybody
  in it. Shown is "fewer than 5". (Microsoft Viva Insights, Culture Amp: groups of at least 5; Glint and 15Five
  accept 3; the ACRO output checker counts zeros as disclosive.)
- A count within a group is hidden when fewer than k of the group remain, none included: "96 or more". (Culture Amp
  hides a filter whose remainder is below the floor; CMS: not derivable by percentages either.)
- In a group of fewer than 2k - 1 people one of the two always holds and even the side would say too much: "not
  shown". Only whether the floor is reached is told, of the active members, for a company is scored or not by it.
- A count of events, or an amount, is hidden when fewer than k people stand behind it; a part of one also where fewer
  than 2k - 1 can have been active, of whom hardly one would have had none of it.
- In a table whose total is shown, hidden cells are joined by others until every hidden cell has at least k possible
  values, two for whoever knows k - 2 of the people, among all tables of which the same would be told; else nothing is
  told. They join in a fixed order: the next smallest one (Glint, Lattice) would say of itself that it is the smallest.
- Counts of several weeks, and counts that only grow, have their own rules: see `engage.core.windows`.
- A sum of events is hidden when most of it is one person's, or all but k - 2 people had equally many. Where it is not
  told how many people had some, it is when no more than k are left besides what the k - 2 had who had most.
- A ratio is hidden with either of its parts, and a range of the parts gives a range of the ratio.
- A sum over weeks adds what is shown, and says that something is missing.

The size of a company (members known, seats) is the host's own list of people, not what they did: it is shown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final, Literal, NamedTuple

from msgspec import Struct

from engage.core.feasible import feasible
from engage.core.language import Text, say

K_DEFAULT: Final = 5
K_MIN: Final = 3

Unit = Literal["members", "seats", "events", "features", "points", "days", "percent", "score", "each"]
Hidden = Literal["", "few", "most", "protects", "wide", "partial", "missing"]
"""Why no value: too few; too few left; it would give another away; too uncertain; weeks missing; not measured."""

NOT_SHOWN: Final = say("not shown")
RANGE_MAX: Final = 50.0
"""Percentage points: what may be told of a share only as a range wider than this is not worth telling."""
DOMINANCE: Final = 10
"""The rest is at least one in so many of a person's part, or it would tell that part."""


class Figure(Struct, frozen=True, omit_defaults=True):
    """A number that may be read by customer success, or the words shown in its place.

    `value` None: hidden, and `hidden` says why; `low` and `high` then give the range that may be told, if any.
    Percentages are 0-100. Shapes here only grow: new fields come last, with a default.
    """

    text: Text
    unit: Unit
    value: int | float | None = None
    hidden: Hidden = ""
    low: int | float | None = None
    high: int | float | None = None

    @property
    def estimate(self) -> float | None:
        """The value, or the middle of the range that may be told: what the score reckons with."""
        if self.value is not None:
            return float(self.value)
        if self.low is None or self.high is None:
            return None
        return (self.low + self.high) / 2

    @property
    def floor(self) -> float:
        """The least it can be, from what may be told."""
        return self.value if self.value is not None else self.low or 0

    @property
    def ceiling(self) -> float | None:
        """The most it can be; None: nothing is known."""
        return self.value if self.value is not None else self.high


MISSING_TEXT: Final = say("not measured")


def missing(unit: Unit) -> Figure:
    return Figure(MISSING_TEXT, unit, hidden="missing")


def not_shown(unit: Unit) -> Figure:
    return Figure(NOT_SHOWN, unit, hidden="few")


def fact(value: float | None, unit: Unit) -> Figure:
    """A number that is not about what members did: seats, the size of the company, a score, a sum of money."""
    return missing(unit) if value is None else Figure(_words(value, unit), unit, value)


def publish_count(
    count: int, k: int, within: Figure, *, unit: Unit = "members", told: bool = False
) -> Figure:
    """How many people of a shown group; of one told as a range, what is left is judged by the least that it can be, and
    nothing is told where that is nobody.

    `told`: whether the count reaches k is told, however small the group.
    """
    _check(k)
    most = within.ceiling
    if most is None:
        return Figure(NOT_SHOWN, unit, hidden="few" if within.hidden != "missing" else "missing")
    whole = int(most)
    if (whole < 2 * k - 1 and not told) or (within.value is None and not within.floor):
        return Figure(NOT_SHOWN, unit, hidden="few", low=0, high=whole)
    if count < k:
        return Figure(say("fewer than {k:,}", k=k), unit, hidden="few", low=0, high=min(k - 1, whole))
    if within.floor - count < k:
        least = max(k, int(within.floor) - k + 1)
        return Figure(say("{low} or more", low=f"{least:,}"), unit, hidden="most", low=least, high=whole)
    return Figure(_words(count, unit), unit, count)


def publish_amount(amount: int, people: int, k: int, unit: Unit = "events") -> Figure:
    """A number of events, or units of a currency, that `people` members stand behind."""
    _check(k)
    return not_shown(unit) if people < k else Figure(_words(amount, unit), unit, amount)


def publish_days(days: int, people: Figure, k: int, most_each: int) -> Figure:
    """Active days summed over the members active in a span of `most_each` days.

    All at once or all every day would be said of each one: near either end only that is told, as a range. So far from
    it that two are left where k - 2 had all the days there are, or one each: who knows these would know the others. By
    the sum alone, whoever had them: that a number is hidden for what some did would tell what they did.
    """
    if people.floor < k:
        return not_shown("days")
    fewest, members = int(people.floor), int(people.ceiling or 0)
    least, most = fewest, members * most_each
    spare = 2 + (most_each - 1) * (k - 2)
    low, high = members + spare, fewest * most_each - spare
    if low > high + 1:
        return Figure(NOT_SHOWN, "days", hidden="few", low=least, high=most)
    if days < low:
        return Figure(say("fewer than {k:,}", k=low), "days", hidden="few", low=least, high=low - 1)
    if days > high:
        return Figure(
            say("{low} or more", low=f"{high + 1:,}"), "days", hidden="most", low=high + 1, high=most
        )
    return Figure(_words(days, "days"), "days", days)


class Published(NamedTuple):
    """The cells of a table in the order given, and their sum."""

    cells: tuple[Figure, ...]
    total: Figure


def publish_table(
    counts: Sequence[int],
    k: int,
    within: Figure,
    unit: Unit = "members",
    *,
    partition: bool = False,
    secret: Collection[int] = (),
) -> Published:
    """Counts of people of one group, and their sum, such that no hidden cell follows from what is shown.

    `partition`: each of the group is in exactly one cell (departments), so the sum is known and cannot be hidden. Else
    the cells overlap (features: a member uses several), and the sum is shown with all of them only. `secret`: cells of
    a partition that are hidden whatever they hold.
    """
    whole, amount = int(within.ceiling or 0), sum(counts)
    cells = [
        Figure(NOT_SHOWN, "members", hidden="protects", low=0, high=whole)
        if at in secret
        else publish_count(count, k, within)
        for at, count in enumerate(counts)
    ]
    if not partition:
        known = all(cell.value is not None for cell in cells)
        total = Figure(_words(amount, unit), unit, amount) if known else not_shown(unit)
        return Published(tuple(cells), total)
    if within.hidden in ("few", "missing"):
        return Published(tuple(cells), not_shown(unit))
    # In an order that is known: which of the counts is smallest would tell of them.
    for index in reversed(range(len(cells))):
        if cells[index].hidden:
            continue
        if _is_concealed(cells, whole, k):
            break
        cells[index] = Figure(NOT_SHOWN, "members", hidden="protects", low=k, high=whole - k)
    if not _is_concealed(cells, whole, k):
        cells = [Figure(NOT_SHOWN, "members", hidden="few", low=0, high=whole) for _ in cells]
    return Published(tuple(cells), Figure(_words(amount, unit), unit, amount))


def _is_concealed(cells: Sequence[Figure], whole: int, k: int) -> bool:
    """Whether each hidden cell keeps k possible values, and two for whoever knows k - 2 of the people.

    Whoever knows the rules knows of each cell that joined that the others were too few without it: that they had fewer
    than k beyond the least that they can be. So k beyond it are asked for, which leaves k values on either side. Where
    all hidden are of fewer than k, one joins whatever they hold.
    """
    hidden = [cell for cell in cells if cell.value is None]
    beyond = whole - sum(int(cell.floor) for cell in cells)
    return not hidden or (
        any(cell.hidden != "few" for cell in hidden)
        and beyond >= k
        and all(high - low >= k - 1 for low, high in feasible(cells, whole, whole))
    )


class Part(NamedTuple):
    """A part of a total: how much, of how many people, whether other shown sums contain it too, whether it is hidden
    anyway, what is left of it besides what k - 2 people had (-1: not kept), and whether it conceals no other such."""

    amount: int
    people: int
    linked: bool = False
    secret: bool = False
    left: int = -1
    as_one: bool = False


def publish_amounts(
    parts: Sequence[Part], total: int, people: int, k: int, *, apart: bool = False
) -> tuple[Figure, ...]:
    """Events that are parts of a total told of `people`; nothing where `publish_split` tells no total. What is not
    listed is one more part, hidden, for it is not known how many stand behind it.

    `apart`: whether a sum of the linked parts is told too (events that earned): then they, and the others, are a total
    each, within which hidden parts must be concealed as in the whole.
    """
    if people < 2 * k - 1 or total - people < k:
        return tuple(not_shown("events") for _ in parts)
    hidden = {at for at, part in enumerate(parts) if part.secret or part.people < k}
    rest = total - sum(part.amount for part in parts)
    # By amount, so that least is hidden; first of those that are in fewer sums. Where all that are shown are 2k - 1 or
    # more, what is hidden with others can be k to that, so that to be the smallest tells little of it.
    order = sorted(range(len(parts)), key=lambda at: (parts[at].linked, parts[at].amount, at))
    linked = [at for at in order if parts[at].linked]
    sums = [(order, rest, 2 * k - 1)]
    if apart and linked:
        others = order[: -len(linked)]
        sums = [(others, rest, 2 * k - 1), (linked, 0, 2 * k - 1), (order, rest, 3 * k - 2)]

    def exposed() -> Iterator[int]:
        """Of each sum that gives away what is hidden of it: what is to join that."""
        for group, besides, least in sums:
            shown = [at for at in group if at not in hidden]
            concealed = [parts[at] for at in group if at in hidden]
            apiece = sum(not part.as_one for part in concealed) + any(part.as_one for part in concealed)
            count, amount = apiece + (besides > 0), besides + sum(part.amount for part in concealed)
            # Who knows all those behind the others would know each; and k events of k people would leave them none.
            is_many = any(part.people >= k for part in concealed)
            # Of all of them together is left what is left of each, at least.
            left = sum(part.left if part.left >= 0 else (k + 1) * (part.people >= k) for part in concealed)
            is_safe = count > 1 and amount >= least and is_many and left > k
            if count and shown and not (is_safe and parts[shown[0]].amount >= 2 * k - 1):
                yield shown[0]

    while (joining := next(exposed(), None)) is not None:
        hidden.add(joining)
    # Not said which of the two it is.
    return tuple(publish_amount(part.amount, 0 if at in hidden else k, k) for at, part in enumerate(parts))


def publish_split(
    part: int, behind_part: int, total: int, behind_rest: int, people: int, k: int, *, dominated: bool = False
) -> Published:
    """A total in two parts, each hidden unless k people stand behind both: one would give the other away. Of fewer than
    2k - 1 people that would say of all, but for some that are known, that they had some of each.

    Fewer than k events are of fewer than k people. Everybody has one event at least, so with hardly more each had one
    or two. `dominated`: see `is_dominated`.
    """
    shown_total = publish_amount(total, 0 if dominated or total - people < k else people, k)
    if shown_total.hidden or people < 2 * k - 1 or min(behind_part, behind_rest, part, total - part) < k:
        cell = not_shown("events")
        return Published((cell, cell), shown_total)
    values = (part, total - part)
    return Published(tuple(Figure(_words(value, "events"), "events", value) for value in values), shown_total)


def is_dominated(largest: int, last: int, others: int, people: int, alike: int = 0) -> bool:
    """Whether a sum tells one person's part nearly, or everybody's: `largest` is the largest part, `last` that of
    the last of the k - 1 people with most, and `others` is everybody's after them; `people` have all but the k - 2
    largest parts, and `alike` have equal ones.

    The p % rule with p = 10, against k - 2 who put together what they know. (ACRO's output checker and the tables of
    statistical offices use it; there one part is known.) That it is told says something of the parts too. But it asks
    the same of everybody: of two unequal ones nobody can say whose is whose, unless all that are not known are equal.
    """
    return tells_the_largest(largest, others) or last + others == people or alike >= people


def tells_the_largest(largest: int, others: int) -> bool:
    """The p % rule alone: `others` is everybody's after the k - 1 people with most."""
    return DOMINANCE * others < largest


# --- from figures alone ---------------------------------------------------------------------------------------


def ratio(part: Figure, whole: Figure, unit: Unit = "percent") -> Figure:
    """`part` of `whole`, as a percentage or per one of the whole; a range where only ranges may be told.

    A share told as a range ends at 100 %, members per seat too: "160 % or less" would say nothing. One wider than
    RANGE_MAX says nothing either and is not shown.
    """
    if "missing" in (part.hidden, whole.hidden) or (whole.value is not None and whole.value <= 0):
        return missing(unit)
    scale = 100 if unit == "percent" else 1
    if part.value is not None and whole.value is not None:
        share = round(scale * part.value / whole.value, 1)
        return Figure(_words(share, unit), unit, share)
    reason: Hidden = part.hidden or whole.hidden
    if part.ceiling is None or whole.ceiling is None or whole.floor <= 0:
        return Figure(NOT_SHOWN, unit, hidden=reason)
    low, high = round(scale * part.floor / whole.ceiling, 1), round(scale * part.ceiling / whole.floor, 1)
    if unit == "percent":
        low, high = min(low, 100.0), min(high, 100.0)
        if high - low > RANGE_MAX:
            return Figure(NOT_SHOWN, unit, hidden="wide")
    if low <= 0:
        text = say("{high} or less", high=_words(high, unit)) if high > 0 else NOT_SHOWN
    elif unit == "percent" and high >= 100:
        text = say("{low} or more", low=_words(low, unit))
    elif _words(low, unit) == _words(high, unit):
        text = say("about {figure}", figure=_words(low, unit))
    else:
        text = say("{low} to {high}", low=_words(low, unit), high=_words(high, unit))
    return Figure(text, unit, hidden=reason, low=low, high=high)


def total(figures: Iterable[Figure], unit: Unit) -> Figure:
    """The sum of figures; when some are hidden, "n or more" of those that are shown."""
    listed = list(figures)
    known = [figure for figure in listed if figure.value is not None]
    if not known:
        return missing(unit) if not any(f.hidden != "missing" for f in listed) else not_shown(unit)
    amount = sum(figure.value or 0 for figure in known)
    if len(known) == len(listed):
        return Figure(_words(amount, unit), unit, amount)
    return Figure(say("{low} or more", low=_words(amount, unit)), unit, hidden="partial", low=amount)


def mean(figures: Iterable[Figure], unit: Unit) -> Figure:
    """The mean of figures, hidden ones at the middle of their range; then it is "about", without tenths from ten on.
    All hidden: so is it."""
    listed = list(figures)
    estimates = [figure.estimate for figure in listed if figure.estimate is not None]
    if all(figure.value is None for figure in listed):
        return missing(unit) if not any(f.hidden != "missing" for f in listed) else not_shown(unit)
    value = round(sum(estimates) / len(estimates), 1)
    exact = all(figure.value is not None for figure in listed)
    if not exact and value >= 10:
        value = float(round(value))
    return Figure(
        _words(value, unit) if exact else say("about {figure}", figure=_words(value, unit)), unit, value
    )


def change(now: Figure, before: Figure) -> Figure:
    """Growth in percent from one figure to another."""
    if "missing" in (now.hidden, before.hidden):
        return missing("percent")
    if now.value is None or not before.value:
        return Figure(NOT_SHOWN, "percent", hidden=now.hidden or before.hidden or "few")
    growth = round(100 * (now.value / before.value - 1), 1)
    text = say("no change") if round(growth) == 0 else say("{share:+,.0f} %", share=growth).replace("-", "−")
    return Figure(text, "percent", growth)


def difference(now: Figure, before: Figure) -> Figure:
    """From one percentage to another, in percentage points."""
    if "missing" in (now.hidden, before.hidden):
        return missing("percent")
    if now.value is None or before.value is None:
        return Figure(NOT_SHOWN, "percent", hidden=now.hidden or before.hidden or "few")
    points = round(now.value - before.value, 1)
    text = say("{points:+,.1f} points", points=points).replace("-", "−") if points else say("no change")
    return Figure(text, "percent", points)


def _check(k: int) -> None:
    assert k >= K_MIN, f"the floor is never below {K_MIN}"


def _words(value: float, unit: Unit) -> str:
    if unit == "percent":
        return say("{share:.0f} %" if value == 0 or value >= 1 else "{share:.1f} %", share=value)
    return f"{value:,}" if isinstance(value, int) or not value.is_integer() else f"{int(value):,}"
