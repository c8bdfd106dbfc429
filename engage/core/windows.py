"""Counts of people over several weeks, and counts that grow: what two looks at them may not tell.

Owns the rules beyond those of one count (`engage.core.privacy`): how many did something in one of four weeks stands
beside how many did in each, and how many ever did beside last month's number. Must not know what is counted.
"""

from __future__ import annotations

from collections.abc import Sequence

from engage.core.language import say
from engage.core.privacy import NOT_SHOWN, Figure, Hidden


def publish_union(
    count: int, k: int, each: Sequence[Figure], within: Figure, expected: int | None = None
) -> Figure:
    """How many of a group did something in one of several weeks; `each`: how many did in each of these, as published.

    That it is too few is told, because a company is scored or not by it; but not in a group of fewer than 2k - 1,
    where that would say too much of one side or the other. Where fewer than k came to those of one week, or fewer than
    k of the group are left, or of what the weeks add up to (who came in several), a range of k values is told, or all
    that these leave. `expected`: what these weeks add up to at most where nobody came who cannot by the host's list.
    """
    whole, least = int(within.ceiling or 0), int(within.floor)
    if whole < 2 * k - 1 or count < k:
        return _few(k, whole)
    seen = int(max((one.floor for one in each), default=0))
    visits = int(sum(one.ceiling or 0 for one in each)) if each else whole
    together = min(whole, visits)
    # Whoever knows k - 2 who came every week knows so many fewer that they can be together.
    spare = (k - 2) * (len(each) - 1)
    near = seen + k - 1
    most = min(least, (expected or visits) - spare) - k + 1
    if near + 1 >= most:
        near = whole
    if count <= near:
        return _range(max(seen, k), min(near, together), whole)
    if count >= most:
        return _range(most, together, whole)
    return Figure(f"{count:,}", "members", count)


def _few(k: int, whole: int) -> Figure:
    """Fewer than `k`, or nothing of a group in which that would tell of the others."""
    return _range(0, whole if whole < 2 * k - 1 else k - 1, whole)


def publish_any(count: int, k: int, each: Sequence[Figure], within: Figure) -> Figure:
    """How many of a group did any of several things, or of others of which nothing is told; `each`: how many did each
    of these, as published.

    Told in a range where it is hardly more than did one of them, where it is near what they add up to, for if there are
    no others, what is missing did two, and where it is nearly all. Of a group of which nothing is told, nothing.
    """
    whole, least = int(within.ceiling or 0), int(within.floor)
    if not least:
        return _range(0, whole, whole)
    if whole < 2 * k - 1 or count < k:
        return _few(k, whole)
    seen = int(max((one.floor for one in each), default=0))
    ranges = [(seen, seen + k - 1)]
    if len(each) > 1:
        visits = int(sum(one.ceiling or 0 for one in each))
        # Whoever knows k - 2 who did all of them knows so many fewer that they can be together.
        ranges.append((visits - (k - 2) * (len(each) - 1) - k + 1, visits))
    ranges.append((least - k + 1, whole))
    for low, high in _joined(ranges):
        if low <= count <= high:
            return _range(max(low, seen, k), min(high, whole), whole)
    return Figure(f"{count:,}", "members", count)


def _joined(ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Those that meet are one."""
    joined: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if joined and low <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(high, joined[-1][1]))
        else:
            joined.append((low, high))
    return joined


def publish_band(count: int, k: int, whole: int, least: int = 0, peak: int = 0) -> Figure:
    """A count that hardly ever falls, as a band of k values: two looks at the number would tell who came between.

    Bands begin at multiples of k, and the last is open to the whole. `least`, and before it `peak`: so many of those
    counted may be told to be another group. Bands begin k above them, so that what is left of the count is no fewer.
    """
    last = (whole - k + 1) // k * k
    start = -(-(peak + k) // k) * k
    if start > last:
        return _range(least, whole, whole)
    if count < start:
        return _range(least, start - 1, whole)
    if count >= last:
        return _range(last, whole, whole)
    low = count // k * k
    return _range(low, low + k - 1, whole)


def publish_bands(counts: Sequence[int], k: int, within: Figure) -> list[Figure]:
    """A group divided into cells, in bands of twice k. The last cell comes first, and each is told of whoever those
    before it can leave, so that it always leaves as much as a band has; the first is what all of them leave, not a
    band of its own: they add up to the group, and that must say nothing more.

    Each band follows from its own number and from the bands before it, so that all that is told of the numbers is that
    each lies in its own. Whether anything is told depends on the group's size alone.
    """
    whole = left = int(within.ceiling or 0)
    bands: list[Figure] = []
    for count in reversed(counts[1:]):
        band = publish_band(count, 2 * k, left)
        bands.insert(0, between(int(band.floor), int(band.ceiling or 0), whole))
        left -= int(band.floor)
    rest = whole - sum(int(band.ceiling or 0) for band in bands)
    return [between(rest, left, whole), *bands]


def publish_part(count: int, width: int, low: int, sure: int, most: int) -> Figure:
    """A part of a group, as a band of `width` or more, within what follows from other figures anyway.

    From these it is at least `low`, and at most what is between `sure` and `most`. Bands begin at `low`, and the last
    leaves at least `width` values up to `sure`: whatever is added up, none of them says more than itself.
    """
    last = low + (sure - width + 1 - low) // width * width
    if last <= low:
        return _range(min(low, most), most, most)
    if count >= last:
        return _range(last, most, most)
    start = low + (count - low) // width * width
    return _range(start, start + width - 1, most)


def publish_flow(count: int, width: int, low: int, sure: int, most: int) -> Figure:
    """Those who left a group, as a band of `width` or more that leaves as much room in the group.

    From other figures it follows that they are at least `low`, unless something kept some: the first band is as much
    wider as is `low`.
    """
    part = publish_part(max(count, low), width, low, sure, most)
    return _range(0, int(part.ceiling or 0), most) if part.floor <= low else part


def between(low: int, high: int, whole: int) -> Figure:
    """A number told by others alone."""
    return _range(max(0, low), min(high, whole), whole)


def add_bands(bands: Sequence[Figure], within: Figure, others: Sequence[Figure] = ()) -> Figure:
    """How many are in any of these, from what is told of each, and of the others of the group."""
    whole = int(within.ceiling or 0)
    return _range(
        int(sum(band.floor for band in bands)),
        int(min(whole - sum(one.floor for one in others), sum(band.ceiling or 0 for band in bands))),
        whole,
    )


def mean_band(bands: Sequence[Figure], within: Figure) -> Figure:
    """How many of so many weeks are in a mean one, from what is told of each; bounds in whole ones, away from it."""
    low, high = sum(band.floor for band in bands), sum(band.ceiling or 0 for band in bands)
    whole = int(within.ceiling or 0)
    return _range(int(low // len(bands)), min(whole, -int(-high // len(bands))), whole)


def _range(low: int, high: int, whole: int) -> Figure:
    """What is told of a hidden number: the same words, and the same reason, wherever in the range it is."""
    if low == high and high:
        return Figure(f"{low:,}", "members", low)
    hidden: Hidden = "few" if low == 0 else "most" if high == whole else "protects"
    if low == 0:
        text = NOT_SHOWN if high in (0, whole) else say("fewer than {k:,}", k=high + 1)
    elif high == whole:
        text = say("{low} or more", low=f"{low:,}")
    else:
        text = say("{low} to {high}", low=f"{low:,}", high=f"{high:,}")
    return Figure(text, "members", hidden=hidden, low=low, high=high)
