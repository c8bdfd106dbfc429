"""Members held out of campaigns: the draw, and what a document may say of it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engage.core.compiled import compile_program
from engage.core.diff import diff_programs
from engage.core.holdouts import is_held_out
from engage.core.progress import quest_standings
from engage.core.state import CompanyState, MemberState
from engage.document import read_program
from tests.core.history import program_of

TEXT = """
name: Campaigns
currencies: {points: {}}
events: {Sale: {}}
campaigns:
  spring: {from: 2026-03-01, until: 2026-03-31, holdout: 10 %}
  summer: {from: 2026-06-01, until: 2026-06-30, holdout: 50%}
quests:
  - {id: three, campaign: spring, goal: {event: Sale, reach: 3}, effects: [award: 100]}
  - {id: ten, goal: {event: Sale, reach: 10}, effects: [award: 100]}
"""
SHARE = "campaigns.spring.holdout: must be a whole share of all members, such as 10 %"
OVERLAP = (
    "campaigns.summer.holdout: members are held out of campaign spring at that time already: one at a time can be "
    "measured"
)


@settings(max_examples=50)
@given(member=st.integers(1, 2**53), share=st.integers(1, 49), campaign=st.text(max_size=20))
def test_whoever_is_held_out_is_at_every_larger_share(member: int, share: int, campaign: str) -> None:
    assert not is_held_out(campaign, 0, member)
    assert is_held_out(campaign, share, member) <= is_held_out(campaign, share + 1, member)


@pytest.mark.parametrize("share", [1, 10, 50])
def test_about_as_many_are_held_out_as_the_campaign_says(share: int) -> None:
    drawn = sum(is_held_out("spring", share, member) for member in range(1, 10_001))
    expected, deviation = 100 * share, (100 * share * (100 - share) / 100) ** 0.5
    assert abs(drawn - expected) < 4 * deviation


def test_another_campaign_holds_out_others() -> None:
    spring, summer = (
        {member for member in range(1, 2_001) if is_held_out(campaign, 50, member)}
        for campaign in ("spring", "summer")
    )
    assert 400 < len(spring & summer) < 600


def test_the_share_is_read_with_its_sign() -> None:
    program = program_of(TEXT)
    assert {id: found.holdout for id, found in program.campaigns.items()} == {"spring": 10, "summer": 50}


@pytest.mark.parametrize(
    "right, wrong, told",
    [
        ("10 %", "10", f"{SHARE}; did you mean '10 %'?"),
        ("10 %", "0.29", f"{SHARE}; did you mean '29 %'?"),
        ("10 %", "80", SHARE),
        ("10 %", "a few", SHARE),
        ("10 %", "51 %", "campaigns.spring.holdout: must be from 1 % to 50 %, not 51 %"),
        ("10 %", "0 %", "campaigns.spring.holdout: must be from 1 % to 50 %, not 0 %"),
        (
            "from: 2026-06-01",
            "from: 2026-03-31",
            OVERLAP,
        ),
    ],
)
def test_a_share_that_cannot_be_is_named(right: str, wrong: str, told: str) -> None:
    assert right in TEXT
    problems = read_program(TEXT.replace(right, wrong)).problems
    assert [str(problem).split(": ", 1)[1] for problem in problems] == [told]


def test_a_difference_in_who_is_held_out_is_told() -> None:
    old = program_of(TEXT)
    [raised] = diff_programs(old, program_of(TEXT.replace("10 %", "20 %")))
    assert raised.text == "campaign spring: holdout changed from 10 % to 20 %"
    [dropped] = diff_programs(old, program_of(TEXT.replace(", holdout: 10 %", "")))
    assert dropped.text == "campaign spring: holdout removed (was 10 %)"


def test_a_member_does_not_see_the_quests_of_a_campaign_that_they_are_held_out_of() -> None:
    made = compile_program(program_of(TEXT))
    for number in range(1, 40):
        seen = [found.quest.id for found in quest_standings(made, CompanyState(), MemberState(), number, 1)]
        assert seen == (["ten"] if is_held_out("spring", 10, number) else ["three", "ten"])
