"""Life cycle: in which stage of its life with the product a member stands, by stated definitions.

Owns the definitions and the reckoning. A stage is a function of the member's document and a local day, kept nowhere: it
is the same in live traffic, replay, backtest and dry run, and costs nothing where nobody asks. What a change of stage
triggers is for `engage.core.stages`; a company's stage is `engage.core.company_stages`'s.

Of a member, the first that applies, with the defaults and where they come from:

    left      the host says so (a trait, where the program names one), and no day was active since
    invited   named by the host, never active
    dormant   not active on any of the last 28 days: the month in which GitLab, Sourcegraph and Pendo (30) count users
    slipping  not active on any of the last 14 days: ChurnZero's span of frequency
    habitual  active in at least 9 of the 12 weeks that end with this week or the last (Microsoft Viva Insights)
    new       active for the first time in the last 28 days: Totango's onboarding profile has 30
    active    none of these

The week that began today cannot take a habit away: what ends with last week counts as well.
"""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

from engage.core.activity import mark_away
from engage.core.calendar import week_of
from engage.core.conditions import fold_name
from engage.core.state import MemberState

Stage = Literal["left", "invited", "dormant", "slipping", "habitual", "new", "active"]
INVITED: Final[Stage] = "invited"
NEW: Final[Stage] = "new"
ACTIVE: Final[Stage] = "active"
HABITUAL: Final[Stage] = "habitual"
SLIPPING: Final[Stage] = "slipping"
DORMANT: Final[Stage] = "dormant"
LEFT: Final[Stage] = "left"
STAGES: Final[tuple[Stage, ...]] = (INVITED, NEW, ACTIVE, HABITUAL, SLIPPING, DORMANT, LEFT)
WEEK: Final = 7


class Gone(msgspec.Struct, frozen=True, omit_defaults=True):
    """How the host says that a member has left: a trait that has one of these values."""

    trait: str  # folded
    values: tuple[str, ...] = ("left",)


class Lifecycle(msgspec.Struct, frozen=True, omit_defaults=True):
    """The definitions of a program. Stored within programs: a field is added with a default, never renamed."""

    new_days: int = 28
    habit_weeks: int = 9
    habit_of: int = 12
    slipping_days: int = 14
    dormant_days: int = 28
    left: Gone | None = None  # without it nobody is taken to have left


STANDARD: Final = Lifecycle()
"""What figures of companies go by, whatever their programs say, so that they compare."""


def stage_on(
    of: Lifecycle, member: MemberState, day: int, *, also: int = 0, left: int | None = None
) -> Stage:
    """The stage on a local day: later activity is not looked at, the day's own is.

    `also`: a day to be taken as active besides. `left`: the day on which the host said that the member left, 0 for
    never; None: as the member's document has it.
    """
    bits, base = _until(member, day, also)
    last = base + bits.bit_length() - 1
    gone = member.left if left is None else left
    if of.left is not None and gone and gone <= day and (not bits or last <= gone):
        return LEFT
    if not bits:
        return INVITED
    return stage_by(of, day - last, day - base, has_habit(of, bits, base, day))


def today_of(member: MemberState, day: int) -> int:
    """The latest day the member knows of: a late event does not turn it back."""
    return max(day, member.ticked, member.last_day)


def stage_by(of: Lifecycle, idle: int, age: int, habit: bool) -> Stage:
    """Of a member who was active: so many days since the last and since the first active one."""
    if idle > of.dormant_days:
        return DORMANT
    if idle > of.slipping_days:
        return SLIPPING
    if habit:
        return HABITUAL
    return NEW if age < of.new_days else ACTIVE


def _until(member: MemberState, day: int, also: int) -> tuple[int, int]:
    """Active days up to `day` as bits, and the day of the first bit, which is set."""
    bits, base = int.from_bytes(member.days, "little"), member.days_base
    if also:
        if not bits:
            base = also
        elif also < base:
            bits, base = bits << (base - also), also
        bits |= 1 << (also - base)
    if day < base:
        return 0, base
    return bits & ((1 << (day - base + 1)) - 1), base


def has_habit(of: Lifecycle, bits: int, base: int, day: int) -> bool:
    """Whether enough of the weeks that end with the day's week, or with the one before, have an active day."""
    first = week_of(day) - WEEK * of.habit_of
    shift = first - base
    bits = bits >> shift if shift >= 0 else bits << -shift
    pairs = bits | bits >> 1
    fours = pairs | pairs >> 2
    weeks = (fours | fours >> 3) & _FIRST_DAYS[of.habit_of]
    window = (1 << WEEK * of.habit_of) - 1
    return max((weeks & window).bit_count(), (weeks >> WEEK).bit_count()) >= of.habit_weeks


HABIT_WEEKS_MAX: Final = 52
_FIRST_DAYS: Final = [sum(1 << WEEK * week for week in range(n + 1)) for n in range(HABIT_WEEKS_MAX + 1)]
"""By the number of weeks: the first day of each, and of the week after them."""


def turning_days(of: Lifecycle, member: MemberState, since: int) -> list[int]:
    """The local days after `since` on which time alone may change the stage, in order; between them it stays."""
    if not member.days:
        return []
    last, first = member.last_day, member.days_base
    days = {first + of.new_days, last + of.slipping_days + 1, last + of.dormant_days + 1}
    if stage_on(of, member, since) == HABITUAL:  # a habit ends with a week
        days.update(range(week_of(since) + WEEK, last + of.slipping_days + 1, WEEK))
    return sorted(day for day in days if day > since)


def left_after(of: Lifecycle, member: MemberState, traits: dict[str, Any], day: int) -> int:
    """`MemberState.left` once the host has said these traits on a local day. Only a change says something: a nightly
    transfer that repeats it takes nobody back who is active again."""
    gone = of.left
    if gone is None:
        return member.left
    said = [value for name, value in traits.items() if fold_name(name) == gone.trait]
    if not said:
        return member.left
    before, after = member.traits.get(gone.trait) in gone.values, said[-1] in gone.values
    if not after:
        return 0
    return member.left if before and member.left else day


def note_left(of: Lifecycle, member: MemberState, traits: dict[str, Any], day: int) -> None:
    """Write into a member that has these traits not yet what they say of who left."""
    left = left_after(of, member, traits, day)
    if member.left and not left:
        mark_away(member, member.left, day)
    member.left = left
