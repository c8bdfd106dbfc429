"""The corners of a decision that a story in `tests/scenarios` would not explain well."""

from __future__ import annotations

import pytest

from engage.core.calendar import DAY, HOUR
from engage.core.decisions import Undecided
from engage.core.program import Program
from tests.core.history import History, program_of

AT = 20_500 * DAY + 9 * HOUR


def program(rules: str, more: str = "") -> Program:
    return program_of(
        f"""
name: Corners
currencies: {{points: {{}}, coins: {{}}}}
events: {{Sale: {{}}, Prize: {{}}}}
badges: {{closer: {{name: Closer}}}}
levels:
  currency: points
  steps: [{{id: silver, name: Silver, threshold: 100}}, {{id: gold, name: Gold, threshold: 200}}]
{more}
rules:
{rules}
"""
    )


SALE = "  - {id: sale, trigger: Sale, effects: [award: {currency: points, amount: 100}]}"


def history(rules: str = SALE, more: str = "") -> History:
    told = History()
    told.publish(program(rules, more))
    return told


@pytest.mark.parametrize(
    "late, trusted, why",
    [(31, True, Undecided.TOO_LATE), (0, False, Undecided.UNTRUSTED_SOURCE)],
)
def test_an_event_that_was_not_decided_can_be_undone(late: int, trusted: bool, why: int) -> None:
    told = history()
    told.track("ann", "Sale", AT)
    step = told.track("ann", "Sale", AT - late * DAY, trusted=trusted)
    assert step.decision.record.undecided == why
    undoing = told.reverse("ann", AT, step)
    assert not undoing.decision.transfers
    assert not undoing.decision.uses
