"""When a member was active, how much, which features they used, and when they were away: bitmaps and counts in the
member's state.

Days go back DAYS_KEPT, weeks WEEKS_KEPT; older activity is recorded in the log but no longer here.
"""

from __future__ import annotations

from msgspec.structs import replace

from engage.core.calendar import week_of
from engage.core.state import MemberState

DAYS_KEPT = 448
WEEKS_KEPT = 64
USES_MAX = 255
"""Events of a kind counted in one week: more are not told apart."""
FEATURES_MAX = 64
"""Events remembered per member: those used last. Programs declare more only rarely, but before there is a program
every event is remembered, and those must not keep the declared ones out for ever."""


def mark_day(member: MemberState, day: int) -> bool:
    """Set the day; true when it was not set before. A day older than DAYS_KEPT before the newest is ignored."""
    if not member.days:
        member.days_base, member.days, member.last_day = day, b"\x01", day
        return True
    if day == member.last_day or day < member.last_day - DAYS_KEPT:
        return False
    bits = int.from_bytes(member.days, "little")
    if day < member.days_base:
        bits <<= member.days_base - day
        member.days_base = day
    bit = 1 << (day - member.days_base)
    if bits & bit:
        return False
    bits |= bit
    if day > member.last_day:
        member.last_day = day
        surplus = (day - member.days_base) - DAYS_KEPT
        if surplus > 64:  # drop in steps, so that the common day costs no shift
            bits >>= surplus
            member.days_base += surplus
    member.days = bits.to_bytes((bits.bit_length() + 7) // 8, "little")
    return True


def mark_feature(member: MemberState, name: str, day: int) -> None:
    """Remember that the event `name` was used in the ISO week of `day`."""
    week = week_of(day)
    used = member.features.get(name)
    if len(member.shares) < len(member.features):  # from before they were counted
        member.shares += [b""] * (len(member.features) - len(member.shares))
    if used is None:
        if len(member.features) >= FEATURES_MAX:
            stalest = min(member.features, key=lambda known: (_last_week(member.features[known]), known))
            if _last_week(member.features[stalest]) >= week:
                return
            del member.shares[list(member.features).index(stalest)], member.features[stalest]
        member.features[name] = (week, 1)
        member.shares.append(b"\x01")
        return
    now = member.features[name] = with_week(used, week)
    at = list(member.features).index(name)
    member.shares[at] = _with_use(member.shares[at], used, now, week)


def _with_use(shares: bytes, used: tuple[int, int], now: tuple[int, int], week: int) -> bytes:
    """The events of the weeks in `used`, as far as they are counted, with one more: of those that are in it `now`."""
    base, bits = now
    shift = (week - base) // 7
    if shift < 0:
        return shares
    shares = _filled(shares, used[1])
    at = (bits & (1 << shift) - 1).bit_count()
    if now is used:
        return shares[:at] + bytes((min(USES_MAX, shares[at] + 1),)) + shares[at + 1 :]
    shares = shares[len(shares) + 1 - bits.bit_count() :]
    return shares[:at] + b"\x01" + shares[at:]


def _filled(shares: bytes, bits: int) -> bytes:
    """Of weeks of which they were not counted yet, one event at least."""
    return shares.rjust(bits.bit_count(), b"\x01")


def share_in(shares: bytes, later: int) -> int:
    """A member's events of a kind in a week in which they had some; `later`: the bits of the weeks since."""
    back = later.bit_count() + 1
    return shares[-back] if back <= len(shares) else 1


def with_week(used: tuple[int, int], week: int) -> tuple[int, int]:
    """(base Monday, bits) with the bit of the week set; as it was where that is too long ago."""
    base, bits = used
    if not bits:
        return week, 1
    shift = (week - base) // 7
    if shift < 0:
        if bits.bit_length() - shift > WEEKS_KEPT:
            return used
        return week, bits << -shift | 1
    if bits >> shift & 1:
        return used
    bits |= 1 << shift
    surplus = bits.bit_length() - WEEKS_KEPT
    if surplus > 0:
        bits >>= surplus
        base += 7 * surplus
    return base, bits


def mark_earning(member: MemberState, currency: str, day: int) -> None:
    """Remember that some of the currency was awarded in the ISO week of `day`; "": that an event earned nothing."""
    week = week_of(day)
    known = member.earning.get(currency)
    member.earning[currency] = (week, 1) if known is None else with_week(known, week)


def mark_away(member: MemberState, left: int, back: int) -> None:
    """Remember the whole weeks between two days, on which the host said that the member left and was back."""
    until = week_of(back)
    for monday in range(max(week_of(left) + 7, until - 7 * WEEKS_KEPT), until, 7):
        member.away = with_week(member.away, monday)


def mark_use(member: MemberState, day: int) -> None:
    """Count an event in the ISO week of `day`."""
    member.uses = _with_one(member.uses, week_of(day))


def mark_rewarded(member: MemberState, day: int) -> None:
    """Count one that earned something."""
    member.rewarded = _with_one(member.rewarded, week_of(day))


def _with_one(uses: tuple[int, bytes], week: int) -> tuple[int, bytes]:
    base, counts = uses
    if not counts:
        return week, b"\x01"
    index = (week - base) // 7
    if index < 0:
        if len(counts) - index > WEEKS_KEPT:
            return uses
        base, counts, index = week, bytes(-index) + counts, 0
    elif index >= len(counts):
        counts = (counts + bytes(index + 1 - len(counts)))[-WEEKS_KEPT:]
        base, index = week - 7 * (len(counts) - 1), len(counts) - 1
    count = counts[index]
    if count == USES_MAX:
        return uses
    return base, counts[:index] + bytes((count + 1,)) + counts[index + 1 :]


def count_in(uses: tuple[int, bytes], monday: int) -> int:
    """The events of a week, as far as they are counted."""
    base, counts = uses
    index = (monday - base) // 7
    return counts[index] if 0 <= index < len(counts) else 0


def weeks_from(weeks: tuple[int, int], monday: int) -> int:
    """The bits of (base Monday, bits) from that of a week on."""
    base, bits = weeks
    shift = (monday - base) // 7
    return bits >> shift if shift >= 0 else bits << -shift


def is_marked(weeks: tuple[int, int], monday: int) -> bool:
    """Whether the bit of a week is set."""
    return weeks_from(weeks, monday) & 1 > 0


def _last_week(used: tuple[int, int]) -> int:
    base, bits = used
    return base + 7 * (bits.bit_length() - 1)


def since_named(member: MemberState) -> MemberState:
    """As if nothing had been done before the week in which the host named the member."""
    first = week_of(member.joined)
    if not member.days or member.days_base >= first:
        return member
    days = int.from_bytes(member.days, "little") >> first - member.days_base
    before = max(0, (days & -days).bit_length() - 1)
    days >>= before
    return replace(
        member,
        days_base=first + before,
        days=days.to_bytes((days.bit_length() + 7) // 8, "little"),
        uses=_counts_since(first, member.uses),
        rewarded=_counts_since(first, member.rewarded),
        features={name: _since(first, used) for name, used in member.features.items()},
        earning={currency: _since(first, earned) for currency, earned in member.earning.items()},
        funnels={
            key: (max(base, first), tuple(_since(first, (base, bits))[1] for bits in steps))
            for key, (base, steps) in member.funnels.items()
        },
    )


def _counts_since(monday: int, uses: tuple[int, bytes]) -> tuple[int, bytes]:
    base, counts = uses
    return (monday, counts[(monday - base) // 7 :]) if base < monday else uses


def _since(monday: int, used: tuple[int, int]) -> tuple[int, int]:
    base, bits = used
    return (monday, bits >> (monday - base) // 7) if base < monday else used


def window_bits(member: MemberState, first: int, last: int) -> int:
    """The activity of the days `first` to `last`: bit 0 is `first`."""
    bits = int.from_bytes(member.days, "little")
    shift = first - member.days_base
    bits = bits >> shift if shift >= 0 else bits << -shift
    return bits & ((1 << (last - first + 1)) - 1)
