"""Exclusive groups: of the rules of one trigger in one group, only one fires, the first that can or the best.

Owns which one. Must not know what firing takes: that is handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engage.core.compiled import Plan
from engage.core.course import Course
from engage.core.verdicts import Extended, extended_code, fired


def fire_in_groups(
    course: Course, plans: Sequence[Plan], codes: list[int | None], fire: Callable[[Plan], int]
) -> list[int]:
    """A code per rule; `codes` has those that are known already, None for a rule that may still fire.

    A group is decided where its first such rule stands: what is compared is what is then awarded.
    """
    for plan in plans:
        if codes[plan.index] is not None:
            continue
        if plan.exclusive is None:
            codes[plan.index] = fire(plan)
            continue
        rivals = [rival for rival in plans if rival.group == plan.group and codes[rival.index] is None]
        winner = (
            _first(rivals, codes, fire) if plan.exclusive == "first" else _best(course, rivals, codes, fire)
        )
        if winner is not None:
            number = len(course.verdicts) + winner.index
            for rival in rivals:
                if codes[rival.index] is None:
                    codes[rival.index] = extended_code(Extended.LOST, number)
    return [code for code in codes if code is not None]


def _first(rivals: list[Plan], codes: list[int | None], fire: Callable[[Plan], int]) -> Plan | None:
    """Fire the first that can, and note why those before it could not."""
    for plan in rivals:
        code = codes[plan.index] = fire(plan)
        if fired(code):
            return plan
    return None


def _best(
    course: Course, rivals: list[Plan], codes: list[int | None], fire: Callable[[Plan], int]
) -> Plan | None:
    """Fire the one that awards most of the group's currency, the first of equals; note why others could not."""
    winner, most = None, -1
    for plan in rivals:
        before = course.mark()
        code = fire(plan)
        worth = sum(t.amount for t in course.transfers[before.transfers :] if t.currency == plan.best_in)
        course.go_back(before)
        if not fired(code):
            codes[plan.index] = code
        elif worth > most:
            winner, most = plan, worth
    if winner is not None:
        codes[winner.index] = fire(winner)
    return winner
