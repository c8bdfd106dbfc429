"""Counts of groups that divide the same people, as figures: departments, roles.

A part of `engage.core.published`, with the same duty. Each group's size is the host's list, and the counts add up to a
figure that is shown besides, exact or not: no hidden one may follow from these.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from engage.core.feasible import feasible
from engage.core.privacy import NOT_SHOWN, Figure, fact, publish_count


def publish_parts(
    counts: Sequence[int],
    wholes: Sequence[Figure],
    total: Figure,
    k: int,
    absent: Sequence[int] = (),
) -> list[Figure]:
    """How many of each of several groups, none of whom is in two; together they are the figure `total`.

    Where the total is hidden for being small, or nearly all, so is every part by itself. `absent`: of each, who cannot
    be counted, as everybody knows.
    """
    if any(absent):
        left = [
            whole if whole.value is None else fact(whole.value - away, "members")
            for whole, away in zip(wholes, absent, strict=True)
        ]
        cells = publish_parts(counts, left, total, k)
        return [_of_all(cell, whole, k) for cell, whole in zip(cells, wholes, strict=True)]
    cells = [_part(count, whole, k) for count, whole in zip(counts, wholes, strict=True)]
    if total.ceiling is None or all(whole.value is None for whole in wholes):
        return [untold(whole) for whole in wholes]
    most = sum(int(whole.ceiling or 0) for whole in wholes)
    # The smallest group first: its size is known, while which of the counts is smallest would tell of them.
    for index in sorted(range(len(cells)), key=lambda i: (wholes[i].ceiling or 0, i)):
        if _is_safe(cells, wholes, total, most, k):
            break
        if not cells[index].hidden:
            high = int(wholes[index].value or 0) - k
            cells[index] = Figure(NOT_SHOWN, "members", hidden="protects", low=k, high=high)
    if all(cell.hidden for cell in cells) or not _is_safe(cells, wholes, total, most, k):
        # Nothing is left to hide. That must not be seen in the telling cases only, or it would tell them.
        return [untold(whole) for whole in wholes]
    return cells


def _of_all(cell: Figure, whole: Figure, k: int) -> Figure:
    """A part of those who can be counted, told of the whole group: its range must not say how many these are."""
    match cell.hidden:
        case "few":
            return untold(whole) if cell.text == NOT_SHOWN else cell
        case "most":
            return replace(cell, high=whole.ceiling)
        case "protects":
            return replace(cell, high=(whole.ceiling or 0) - k)
        case _:
            return cell


def untold(whole: Figure) -> Figure:
    return Figure(NOT_SHOWN, "members", hidden="few", low=0, high=whole.ceiling)


def _part(count: int, whole: Figure, k: int) -> Figure:
    if whole.value is None:
        return untold(whole)
    return publish_count(count, k, whole)


def _is_safe(cells: Sequence[Figure], wholes: Sequence[Figure], total: Figure, most: int, k: int) -> bool:
    """Whether no hidden cell follows, and the hidden ones together leave k who are counted and k who are not; of a
    total that is a range, with each end of it."""
    hidden = [index for index, cell in enumerate(cells) if cell.value is None]
    if not hidden:
        return total.value is not None
    shown = sum(int(cell.value) for cell in cells if cell.value is not None)
    known = sum(whole.floor for whole, cell in zip(wholes, cells, strict=True) if cell.value is not None)
    room = min(sum(int(wholes[index].ceiling or 0) for index in hidden), most - known)
    highest = sum(cells[index].ceiling or 0 for index in hidden)
    lowest = sum(cells[index].floor for index in hidden)
    least_left, most_left = total.floor - shown, (total.ceiling or 0) - shown
    return (
        least_left >= k
        and room - most_left >= k
        and min(highest - most_left, least_left - lowest) >= k - 1
        and all(
            high - low >= k - 1
            for end in {total.floor, total.ceiling or 0}
            for low, high in feasible(cells, int(end), most)
        )
    )
