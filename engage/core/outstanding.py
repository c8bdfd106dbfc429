"""What members have, as it may be told: what fewer than the floor spent counts only together with others' of later.

What members have at the end of a week is what they had before it, and what was issued, less what was spent or
expired. So where one of these is hidden, two balances would tell it. Of a hidden one the balance that is told knows
nothing, until at the end of a quarter of thirteen weeks as many people as the floor stand behind all that waits, and
others can have bought the dearest reward than those who bought most often. Of what was issued, and of what was spent
on rewards with several costs, counts the least that is told, and of the rest as much as bands are wide: exactly, it
told that nobody bought the dear reward. What was put right by hand, and taken back, may have bought it meanwhile, of
whoever earned as much: so as much as many of the dearest cost waits of what was issued. How much events bring is
reckoned by themselves, whether they complete something or not, as a quest or a level. How much is issued besides is
not, as where members give some, nor how much less what comes once for each member brings as time goes by. Then of all
of it as much as many of the dearest events bring waits on: else it would follow that nearly all that anybody did
brought some.

What is spent was issued before. Where hardly less was spent than can have been issued, by what is told, that tells that
nearly all that anybody did earned something. So the last band of what was spent is open to all that members can have
had, and leaves as much of it as many of the dearest events bring.

What expires is what was issued once and not spent. So where points expire, nothing of that is told until a time as long
as they last has passed in which nothing of this was hidden, and never where they buy nothing; and of what members have,
no more than was told already: what can have been issued in that time. How much has expired, beside what was issued,
would say that nobody bought. Then what they have was issued since, and counts as if nothing had been before.

Owns what counts when, and between what bounds the rest is known to be, so that what is told of a balance is true; must
not know figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from engage.core.activity import weeks_from
from engage.core.program import Expires
from engage.core.rounding import band_around
from engage.core.state import AMOUNT_MAX, MemberState

if TYPE_CHECKING:
    from engage.core.balances import CurrencyWeek
    from engage.core.measures import WeekMeasures

WEEK: Final = 7
QUARTER_WEEKS: Final = 13
QUARTERS: Final = 4
"""Over so many it is looked who is behind what few spent."""

DAYS: Final[Mapping[str, int]] = {"days": 1, "months": 31, "years": 366}
FOR_EVER: Final = 10**6
"""As long as whoever has them is active."""

Flows = tuple[int, int, int]
"""Of what was issued, spent and expired."""
NONE: Final[Flows] = (0, 0, 0)


class Had(NamedTuple):
    """What members can have had in a week to spend, from what is told. Stored within measures."""

    most: int
    spare: int
    """So much of it what is told to be spent leaves, or it would follow that nearly everything earned some."""
    left: int = AMOUNT_MAX
    """The most that they can have at its end."""


NOT_KNOWN: Final = Had(AMOUNT_MAX, 0)
"""As of weeks that were frozen by earlier releases."""


def ends_quarter(monday: int) -> bool:
    return monday // WEEK % QUARTER_WEEKS == QUARTER_WEEKS - 1


class Behind:
    """Who stands behind what was issued and expired in a quarter, and behind what was spent in those of its weeks in
    which fewer than the floor spent some; of one currency."""

    def __init__(self, monday: int, floor: int) -> None:
        self.end, self.floor = monday + WEEK, floor
        self.weeks: tuple[list[int], list[int]] = ([], [])
        """Of each member the weeks in which they got and spent some, as bits."""
        self.losers = 0

    def count(self, member: MemberState, currency: str) -> None:
        self.weeks[0].append(self._newest(member.earning, currency, QUARTER_WEEKS))
        self.weeks[1].append(self._newest(member.spending, currency, QUARTERS * QUARTER_WEEKS))
        wallet = member.wallets.get(currency)
        first = self.end - WEEK * QUARTER_WEEKS
        self.losers += any(first <= day < self.end for day, _ in wallet.expired) if wallet else 0

    def _newest(self, used: Mapping[str, tuple[int, int]], currency: str, weeks: int) -> int:
        return weeks_from(used.get(currency, (0, 0)), self.end - WEEK * weeks) & ((1 << weeks) - 1)

    def people(self) -> tuple[int, int]:
        """Behind what was issued, and what expired."""
        return sum(map(bool, self.weeks[0])), self.losers

    def few(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Behind what was spent in weeks in which few spent: of the newest quarter, of the newest two, and so on; and
        in how many weeks others did than the k - 2 who did in most."""
        spent, weeks = self.weeks[1], QUARTERS * QUARTER_WEEKS
        counts = (sum(own >> week & 1 for own in spent) for week in range(weeks))
        few = sum(1 << week for week, count in enumerate(counts) if count < self.floor)
        firsts = (weeks - QUARTER_WEEKS * quarters for quarters in range(1, QUARTERS + 1))
        times = [sorted(((own & few) >> first).bit_count() for own in spent) for first in firsts]
        known = self.floor - 2
        return tuple(sum(map(bool, own)) for own in times), tuple(sum(own[:-known]) for own in times)


class Told(NamedTuple):
    """Of one currency in a week: the least and the most that are told to have been issued, how much of what lies
    between counts together, whether anything is hidden of what brought it, what many dear events would bring, the most
    that was issued where other weeks count as well, and whether something may come once for each member, as a level."""

    least: int
    most: int
    width: int
    hidden: bool
    dear: int = 0
    of_many: int = AMOUNT_MAX
    completed: bool = False


def remember_waiting(
    week: WeekMeasures, before: WeekMeasures | None, told: Mapping[str, Told], k: int
) -> None:
    """Write into a new week what does not count yet, and how much that can be from what is told."""
    for currency, found in week.currencies.items():
        earlier = before.currencies.get(currency) if before is not None else None
        issued, spent, expired = earlier.waiting if earlier else NONE
        least, most, width, hidden, dear, of_many, completed = told[currency]
        if earlier and earlier.lump >= AMOUNT_MAX and not found.lasts:
            width = AMOUNT_MAX  # what was awarded to few alone is still among what waits
        issued += week.issued.get(currency, 0) - least
        can_be = most if found.lasts else of_many  # what waits of points that expire begins anew
        room = min(AMOUNT_MAX, (earlier.room if earlier else 0) + can_be - least)
        expired += found.expired
        if earlier is not None:  # what was asked for may be bought when the reward is no longer offered
            found.dearest = max(found.dearest, earlier.dearest)
            found.cheapest = min(found.cheapest or earlier.cheapest, earlier.cheapest or found.cheapest)
        now_issued = 0
        if found.behind[0] >= k and width < AMOUNT_MAX:
            step = _width_of_issued(found, width, k)
            now_issued = _counts_of_issued(issued, step, room, completed=completed)[0]
        found.room, found.lump = room - now_issued, width
        few_spent = found.dearest > 0 and found.spenders < k
        found.hidden = week.monday if hidden or few_spent else earlier.hidden if earlier else 0
        by_hand = max(0, found.adjusted)
        had = _left(week, before, currency) + of_many + by_hand
        if found.spent <= had < AMOUNT_MAX:  # else it was given back
            found.had = Had(had, dear)
        found.came = _came(week, before, currency, most + by_hand, k)
        may_be_spent, may_have_expired = earlier.gone if earlier else (0, 0)
        least_spent, most_spent = _told_spent(found, k)
        spent += found.spent - least_spent
        may_be_spent = min(AMOUNT_MAX, may_be_spent + most_spent - least_spent)
        may_have_expired = min(AMOUNT_MAX, may_have_expired + _told_expired(found, k))
        if may_be_spent:
            found.quarters = min(QUARTERS, (earlier.quarters if earlier else 0) + bool(found.few))
        if found.few and (may_be_spent < AMOUNT_MAX or _are_many(found, k)):
            least_spent += spent
            spent, may_be_spent = _waits_still(
                spent, may_be_spent, found.had.most - least_spent + spent, found, k
            )
            least_spent, found.quarters = least_spent - spent, 0
        now_expired = 0
        if found.behind[1] >= k and may_be_told(week, found):
            now_expired, may_have_expired = expired - expired % found.lump, found.lump
            expired -= now_expired
        if had < AMOUNT_MAX:
            left = max(0, had - least_spent - now_expired)
            found.had = found.had._replace(left=min(left, sum(found.came)) if found.lasts else left)
        found.waiting = (issued - now_issued, spent, expired)
        found.gone = (may_be_spent, may_have_expired)
        if not may_be_told(week, found):
            found.waiting, found.gone = (issued - now_issued, 0, 0), (0, 0)
            if found.hidden == week.monday:
                found.waiting, found.room = NONE, 0


def _width_of_issued(found: CurrencyWeek, width: int, k: int) -> int:
    """So much of what waits counts together."""
    return max(width, k * found.dearest)


def _counts_of_issued(waiting: int, width: int, room: int, *, completed: bool = False) -> tuple[int, int]:
    """The least and the most that is told of what waits; `room`: how much it can be, where that is reckoned and nothing
    is `completed` once in a life, which is less as time goes by."""
    if room < AMOUNT_MAX // 2 and not completed:
        return band_around(waiting, 0, width, room)
    low, high = band_around(max(0, waiting - width), 0, width, room)
    return low, high + width


def _are_many(found: CurrencyWeek, k: int) -> bool:
    """Whether what few spent may count: as many people are behind it as the floor, and of several rewards others may
    have bought the dearest, than those who bought most often. Else the upper end told whoever knows these that nobody
    else did."""
    at = found.quarters - 1
    room = 2 * found.dearest if found.cheapest < found.dearest else 0
    return found.few[at] >= k and found.few_besides[at] * found.cheapest >= room


def _waits_still(spent: int, most: int, had: int, found: CurrencyWeek, k: int) -> tuple[int, int]:
    """What does not count yet of `spent`, now that so many people are behind it, and the most that this can be: less
    than a lump, and where what members `had` at most would leave too little, all that it leaves. More than that was
    put right by hand."""
    lump = max(1, _lump_of_spent(found, k))
    counts = spent if spent > had else min(spent, max(0, had - found.had.spare))
    counts -= counts % lump
    left = spent - counts
    return left, lump - 1 if left < lump else min(most, had) - counts


def _left(week: WeekMeasures, before: WeekMeasures | None, currency: str) -> int:
    """The most that members can have when the week begins."""
    if before is None:
        return 0 if week.weeks_known <= 1 else AMOUNT_MAX
    return before.currencies[currency].had.left if currency in before.currencies else 0


def _came(
    week: WeekMeasures, before: WeekMeasures | None, currency: str, most: int, k: int
) -> tuple[int, ...]:
    """How much members can have, from what is told: by quarters in which it was issued, the newest first. Where nobody
    knows when it expires, all of it, less what is told to have been spent."""
    found = week.currencies[currency]
    if not found.lasts:
        return ()
    came: tuple[int, ...] = (AMOUNT_MAX,)
    if before is not None:
        came = before.currencies[currency].came or came if currency in before.currencies else (0,)
    elif week.weeks_known <= 1:
        came = (0,)
    if found.lasts >= FOR_EVER:
        spent = spent_band(found, k)[0] if found.spenders >= k else 0
        return (max(0, min(AMOUNT_MAX, sum(came) + most) - spent),)
    quarters = 1 + -(-found.lasts // (WEEK * QUARTER_WEEKS))
    if ends_quarter(week.monday - WEEK):
        came = (0, *came)
    return (min(AMOUNT_MAX, came[0] + most), *came[1:])[:quarters]


def _told_expired(found: CurrencyWeek, k: int) -> int:
    """The most that is told to have expired in a week of which that may be told."""
    if not found.lasts:
        return 0
    return gone_band(found.expired, found)[1] if found.losers >= k else AMOUNT_MAX


def _told_spent(found: CurrencyWeek, k: int) -> tuple[int, int]:
    """Of which balances know the least at once; all of it, where so many bought rewards that cost the same, and as much
    is left of what they can have had."""
    if found.spenders < k:
        return 0, AMOUNT_MAX if found.dearest else 0
    low, high = spent_band(found, k)
    is_last = high == found.had.most
    return (low, high) if is_last or found.cheapest < found.dearest else (found.spent, found.spent)


def spent_band(found: CurrencyWeek, k: int) -> tuple[int, int]:
    """The least and the most that are told to have been spent in a week in which as many as the floor bought something:
    of rewards with several costs so wide that, whatever those one knows bought, the dearest may be among it. The last
    ends with all that they can have had."""
    least, lump, had = k * found.cheapest, _lump_of_spent(found, k), found.had
    band = band_around(found.spent, least, lump, None)
    if had.most >= AMOUNT_MAX:
        return band
    last = band_around(max(least, had.most - max(lump, had.spare)), least, lump, None)[0]
    return (last, had.most) if band[0] >= last else band


def gone_band(amount: int, found: CurrencyWeek) -> tuple[int, int]:
    """The least and the most that are told of what expired, or will: no closer than of what was issued, for where
    nothing is bought it is that."""
    return band_around(amount, 0, found.lump, None)


def expiring_band(found: CurrencyWeek) -> tuple[int, int]:
    """The same of what will expire. It leaves as much below what is told to be left at most, or it would follow that
    nothing expired before."""
    low, high = gone_band(found.expiring, found)
    if not found.expiring <= found.had.left < AMOUNT_MAX:  # some was given back
        return low, high
    last = band_around(found.expiring, 0, found.lump, found.had.left)
    return last[0], max(high, last[1])


def _lump_of_spent(found: CurrencyWeek, k: int) -> int:
    """Nothing of rewards that all cost the same."""
    return k * found.dearest if found.cheapest < found.dearest else 0


def may_be_told(week: WeekMeasures, found: CurrencyWeek) -> bool:
    """Of what expires. Where it buys nothing that is what was issued before, and would tell that more closely."""
    if not found.lasts:
        return True
    return found.dearest > 0 and (not found.hidden or week.monday - found.hidden > found.lasts + WEEK)


def lasting(expires: Expires | None) -> int:
    """How many days the points of a currency last at most; 0: for ever."""
    if expires is None:
        return 0
    if expires.idle is not None:
        return FOR_EVER
    least = expires.after
    days = least.n * DAYS[least.unit] if least is not None else 0
    return days + (DAYS["years"] if expires.on or expires.round is not None else 0)
