"""A rule that can never fire is told of, and fires in no history; one that may fire is not."""

from __future__ import annotations

import pytest

from engage.core.calendar import DAY
from engage.core.idle_rules import idle_rules
from engage.core.program import Program
from engage.core.verdicts import fired
from engage.document import read_plain, read_program
from tests.core.history import History
from tests.core.random_programs import START

HEAD = """
name: Idle
currencies: {points: {}}
events: {Call: {}}
"""
RULE = "rules:\n  - {id: call, trigger: Call, effects: [award: 10], limits: [%s]}\n"
REFUSED = "{per: member, window: day, amount: 9, over: refuse}"
CUT = "{per: member, window: week, amount: %d}"
WITHIN = """
campaigns:
  spring:
    from: 2026-01-01
    until: 2026-12-31
    %s
    rules: [{id: call, trigger: Call, effects: [award: 10]}]
"""
WHOLE = "budgets: [{window: day, amount: 9, over: refuse}]\n"
BOTH = WITHIN.replace("award: 10]}]", "award: 10]}, {id: other, trigger: Call, effects: [award: 8]}]")
"""What the other rule uses up of anything that cuts leaves the first 8, which nothing refuses."""
NEVER: list[tuple[str, str]] = [
    (RULE % REFUSED, "/rules/0/limits/0"),
    (RULE % REFUSED.replace("window: day", "rolling: {days: 7}"), "/rules/0/limits/0"),
    (RULE % f"{CUT % 500}, {REFUSED}", "/rules/0/limits/1"),
    (RULE.replace("award: 10", "award: 5, award: 5") % REFUSED, "/rules/0/limits/0"),
    (RULE % "" + "budgets: [{window: month, amount: 9, over: refuse}]\n", "/budgets/0"),
    (WITHIN % "budgets: [{amount: 9, over: refuse}]", "/campaigns/spring/budgets/0"),
    (WITHIN % f"limits: [{REFUSED}]", "/campaigns/spring/limits/0"),
    (WITHIN % "budgets: [{amount: 500, over: refuse}]" + WHOLE, "/budgets/0"),
    (RULE % f"{{per: member, window: day, count: 3}}, {REFUSED}", "/rules/0/limits/1"),
    (RULE % REFUSED + "  - {id: double, trigger: Call, effects: [multiply: {by: 2}]}\n", "/rules/0/limits/0"),
]
MAY: list[str] = [
    RULE % REFUSED.replace("9", "10"),
    RULE % REFUSED.replace("refuse", "cut"),
    RULE % f"{CUT % 8}, {REFUSED}",
    RULE % REFUSED + "  - {id: half, trigger: Call, effects: [multiply: {by: 0.5}]}\n",
    RULE % f"{CUT % 500}, {REFUSED.replace('9', '10')}",
    BOTH % "budgets: [{amount: 16}]" + WHOLE,
    BOTH % f"limits: [{CUT % 16}]" + WHOLE,
    BOTH % "" + WHOLE.replace("[", "[{window: month, amount: 16}, "),
]


def program(text: str) -> Program:
    found = read_program(HEAD + text)
    assert found.program is not None, [str(problem) for problem in found.problems]
    return found.program


def ever_fires(text: str) -> bool:
    """Whether the rule `call` fires on any of twenty days."""
    history = History()
    history.publish(program(text))
    index = next(number for number, rule in enumerate(program(text).rules) if rule.id == "call")
    steps = [history.track("ada", "Call", START + day * DAY) for day in range(20)]
    return any(fired(step.decision.record.verdicts[index]) for step in steps)


@pytest.mark.parametrize("text, where", NEVER)
def test_what_refuses_every_award_of_a_rule_is_told(text: str, where: str) -> None:
    (found,) = idle_rules(program(text), read_plain(HEAD + text))
    assert found.pointer == where
    assert found.message == (
        "rule 'call' never fires: it awards 10 at once, and this refuses what goes beyond 9; 'over: cut' would give 9"
    )
    assert not ever_fires(text)


@pytest.mark.parametrize("text", MAY)
def test_a_rule_that_may_fire_is_not_told_of(text: str) -> None:
    assert idle_rules(program(text), read_plain(HEAD + text)) == []
    assert ever_fires(text)
