"""For whom rules are, by what they ask of members."""

from __future__ import annotations

from typing import Any

import pytest

from engage.core.activity import mark_away
from engage.core.eligible import AWARDED, MULTIPLIED, NOT_TO_FEW, Eligible
from engage.core.measured import decode_measured
from engage.core.state import MemberState, encode_state
from engage.document import read_program

FLOOR, DAY, WEEK = 3, 737_997, 7
PROGRAM = """
name: Few
traits: {{member: {{team: {{type: string}}}}}}
events: {{Export: {{properties: {{size: {{type: integer}}}}}}}}
currencies: {{points: {{}}, coins: {{}}}}
audiences: {{sales: {{conditions: {{field: member.traits.team, op: eq, value: sales}}}}}}
{}
"""
SALES = "{field: member.traits.team, op: eq, value: sales}"
LARGE = "{field: event.properties.size, op: gt, value: 9}"
AWARD = "effects: [award: {currency: points, amount: 10}]"
RULE = "id: one, trigger: Export"


def _to_few(text: str, sales: int, others: int = 10, **said: Any) -> tuple[int, int]:
    found = read_program(PROGRAM.format(text))
    assert found.program is not None, [str(problem) for problem in found.problems]
    eligible = Eligible(found.program, DAY, DAY + 6, FLOOR)
    for team, members in (("sales", sales), ("other", others)):
        for _ in range(members):
            eligible.count(
                decode_measured(encode_state(MemberState(joined=DAY, traits={"team": team}, **said)))
            )
    return eligible.to_few("points"), eligible.to_few("coins")


@pytest.mark.parametrize(
    "text",
    [
        f"rules: [{{{RULE}, audience: sales, {AWARD}}}]",
        f"rules: [{{{RULE}, conditions: {SALES}, {AWARD}}}]",
        f"rules: [{{{RULE}, conditions: {{all: [{SALES}, {{field: event.hour, op: lt, value: 9}}]}}, {AWARD}}}]",
        f"rules: [{{{RULE}, conditions: {{all: [{SALES}, {LARGE}]}}, {AWARD}}}]",
        f"audience: sales\nrules: [{{{RULE}, {AWARD}}}]",
        f"quests: [{{id: ten, audience: sales, goal: {{event: Export, reach: 2}}, {AWARD}}}]",
    ],
)
@pytest.mark.parametrize("sales, told", [(0, NOT_TO_FEW), (1, AWARDED), (2, AWARDED), (3, NOT_TO_FEW)])
def test_what_a_rule_for_few_awards_is_awarded_to_few(text: str, sales: int, told: int) -> None:
    assert _to_few(text, sales) == (told, NOT_TO_FEW)


@pytest.mark.parametrize(
    "text",
    [
        f"rules: [{{{RULE}, {AWARD}}}]",
        f"rules: [{{{RULE}, audience: sales, effects: [tag: keen]}}]\ntags: {{keen: {{}}}}",
        f"rules: [{{{RULE}, conditions: {{any: [{SALES}, {{field: event.hour, op: lt, value: 9}}]}}, {AWARD}}}]",
        f"rules: [{{{RULE}, conditions: {{any: [{SALES}, {LARGE}]}}, {AWARD}}}]",
        f"rules: [{{{RULE}, conditions: {LARGE}, {AWARD}}}]",
    ],
)
def test_what_others_can_earn_too_is_not(text: str) -> None:
    assert _to_few(text, 1) == (NOT_TO_FEW, NOT_TO_FEW)


def test_what_is_multiplied_for_few_is_another_thing() -> None:
    rule = f"{{{RULE}, audience: sales, effects: [multiply: {{currency: coins, by: 2}}]}}"
    assert _to_few(f"rules: [{rule}]", 1) == (NOT_TO_FEW, MULTIPLIED)
    assert _to_few(f"rules: [{rule}, {{{RULE.replace('one', 'two')}, audience: sales, {AWARD}}}]", 2) == (
        AWARDED,
        MULTIPLIED,
    )


@pytest.mark.parametrize(
    "sales, others, told", [(2, 2, AWARDED), (2, 3, MULTIPLIED), (3, 2, AWARDED), (3, 3, NOT_TO_FEW)]
)
def test_what_is_awarded_to_some_few_and_multiplied_for_others_is_awarded(
    sales: int, others: int, told: int
) -> None:
    doubled = f"{{{RULE}, conditions: {SALES}, effects: [multiply: {{currency: points, by: 2}}]}}"
    awarded = f"{{{RULE.replace('one', 'two')}, conditions: {SALES.replace('sales', 'other')}, {AWARD}}}"
    for rules in (f"{doubled}, {awarded}", f"{awarded}, {doubled}"):
        assert _to_few(f"rules: [{rules}]", sales, others) == (told, NOT_TO_FEW)


def test_who_left_or_came_later_is_not_among_them() -> None:
    rule = f"rules: [{{{RULE}, audience: sales, {AWARD}}}]"
    assert _to_few(rule, 5, left=DAY - 1) == (NOT_TO_FEW, NOT_TO_FEW)
    assert _to_few(rule, 5, left=DAY) == (AWARDED, NOT_TO_FEW)  # somewhen in these days
    found = read_program(PROGRAM.format(rule)).program
    eligible = Eligible(found, DAY, DAY + 6, FLOOR)
    for joined in (DAY + 6, DAY + 7, DAY + 7):
        eligible.count(MemberState(joined=joined, traits={"team": "sales"}))
    assert eligible.to_few("points") == AWARDED


def test_a_rule_for_everybody_is_for_no_few_in_a_small_company() -> None:
    assert _to_few(f"rules: [{{{RULE}, {AWARD}}}]", 1, 0) == (NOT_TO_FEW, NOT_TO_FEW)


def test_what_is_awarded_and_multiplied_is_awarded() -> None:
    effects = "effects: [award: {currency: points, amount: 10}, multiply: {currency: points, by: 2}]"
    assert _to_few(f"rules: [{{{RULE}, audience: sales, {effects}}}]", 1) == (AWARDED, NOT_TO_FEW)


@pytest.mark.parametrize(
    "level, asked, told",
    [
        ("", "ge, value: gold", NOT_TO_FEW),
        ("gold", "ge, value: gold", AWARDED),
        ("", "ge, value: base", NOT_TO_FEW),
        ("base", "ge, value: base", AWARDED),
    ],
)
def test_a_level_may_be_one_of_few(level: str, asked: str, told: int) -> None:
    levels = "levels: {currency: points, steps: [{id: base, name: B, threshold: 0}, {id: gold, name: G, threshold: 9}]}"
    rule = f"{{{RULE}, conditions: {{field: member.level, op: {asked}}}, {AWARD}}}"
    assert _to_few(f"{levels}\nrules: [{rule}]", 2, 0, level=level) == (told, NOT_TO_FEW)


@pytest.mark.parametrize("tags, told", [({}, NOT_TO_FEW), ({"keen": 1}, AWARDED)])
def test_those_with_a_tag_may_be_few(tags: dict[str, int], told: int) -> None:
    rule = f"{{{RULE}, conditions: {{field: member.tags, op: has, value: keen}}, {AWARD}}}"
    assert _to_few(f"tags: {{keen: {{}}}}\nrules: [{rule}]", 2, 0, tags=tags) == (told, NOT_TO_FEW)


@pytest.mark.parametrize("stage, told", [("dormant", NOT_TO_FEW), ("invited", AWARDED)])
def test_a_stage_may_be_one_of_few(stage: str, told: int) -> None:
    rule = f"{{{RULE}, conditions: {{field: member.stage, op: eq, value: {stage}}}, {AWARD}}}"
    assert _to_few(f"rules: [{rule}]", 2, 0) == (told, NOT_TO_FEW)


def test_who_left_in_these_days_makes_no_audience_large() -> None:
    found = read_program(PROGRAM.format(f"rules: [{{{RULE}, audience: sales, {AWARD}}}]")).program
    for stay, told in ((0, AWARDED), (1, AWARDED), (2, AWARDED), (3, NOT_TO_FEW)):
        eligible = Eligible(found, DAY, DAY + 6, FLOOR)
        for one in range(stay + 3):
            eligible.count(MemberState(joined=DAY, traits={"team": "sales"}, left=DAY + 2 if one < 3 else 0))
        assert eligible.to_few("points") == told, stay


@pytest.mark.parametrize(
    "back, weeks, told",
    [
        pytest.param(DAY + WEEK, 1, AWARDED, id="three were away all week"),
        pytest.param(DAY + WEEK, 2, AWARDED, id="in one of two weeks"),
        pytest.param(DAY + WEEK - 1, 1, NOT_TO_FEW, id="came back in it"),
    ],
)
def test_who_was_away_makes_no_audience_large(back: int, weeks: int, told: int) -> None:
    found = read_program(PROGRAM.format(f"rules: [{{{RULE}, audience: sales, {AWARD}}}]")).program
    eligible = Eligible(found, DAY, DAY + WEEK * weeks - 1, FLOOR)
    for one in range(4):
        member = MemberState(joined=DAY - WEEK, traits={"team": "sales"})
        if one:
            mark_away(member, DAY - 1, back)
        eligible.count(member)
    assert eligible.to_few("points") == told


@pytest.mark.parametrize("side", ["invited", "inviter"])
@pytest.mark.parametrize("sales, told", [(0, NOT_TO_FEW), (2, AWARDED), (3, NOT_TO_FEW)])
def test_what_invitations_bring_is_told_of_whoever_may_invite(side: str, sales: int, told: int) -> None:
    invites = f"referral: {{active: {{event: Export}}, {side}: {{{AWARD}}}"
    assert _to_few(f"{invites}, audience: sales}}", sales) == (told, NOT_TO_FEW)
    assert _to_few(f"{invites}}}", sales) == (NOT_TO_FEW, NOT_TO_FEW)


@pytest.mark.parametrize(
    "brings",
    [
        f"rules: [{{{RULE}, campaign: july, {AWARD}}}]",
        f"quests: [{{id: ten, campaign: july, goal: {{event: Export, reach: 2}}, {AWARD}}}]",
    ],
)
def test_a_campaign_counts_while_it_runs(brings: str) -> None:
    dated = "from: 2021-07-27, until: 2021-08-01"
    found = read_program(PROGRAM.format(f"campaigns: {{july: {{audience: sales, {dated}}}}}\n{brings}"))
    assert found.program is not None, [str(problem) for problem in found.problems]
    campaign = found.program.campaigns["july"]
    for first, told in ((-6, AWARDED), (-7, NOT_TO_FEW), (5, AWARDED), (6, NOT_TO_FEW)):
        eligible = Eligible(found.program, campaign.first_day + first, campaign.first_day + first + 6, FLOOR)
        eligible.count(MemberState(traits={"team": "sales"}))
        assert eligible.to_few("points") == told, first
