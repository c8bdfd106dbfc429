"""The page on rewards says what the core does: its example is a program, its tables are those in force."""

from __future__ import annotations

import typing

import pytest

from engage.actions.adjust import REASON_CHARS_MAX
from engage.actions.give import MESSAGE_CHARS_MAX
from engage.actions.redeem import CODES_MAX
from engage.core import check_rewards
from engage.core.rewards import ALLOWED, REFUND_DAYS
from engage.document import read_program
from engage.web import reward_shapes
from tests.docs_pages import blocks, page, rows, undocumented


def test_the_example_is_a_program_with_rewards() -> None:
    example, giving = blocks(page("rewards"), "yaml")
    found = read_program(f"{example}\n{giving}")
    assert found.program is not None, found.problems
    assert [one.id for one in found.program.rewards] == ["mug", "coffee", "dinner"]


def test_the_table_of_statuses_is_the_cores() -> None:
    told = {row[0].strip("`"): row[2] for row in rows(page("rewards"), "| status | the points are |")}
    assert set(told) == set(ALLOWED)
    for status, steps in ALLOWED.items():
        assert undocumented(steps, told[status]) == []
        assert told[status].count("`") == 2 * len(steps)


def test_the_table_of_what_is_missing_has_every_code() -> None:
    codes = typing.get_args(typing.get_type_hints(reward_shapes.Lack)["code"])
    assert [row[0].strip("`") for row in rows(page("rewards"), "| `code` | means |")] == list(codes)


@pytest.mark.parametrize(
    "name, words",
    [
        ("rewards", f"for {REFUND_DAYS} days"),
        ("rewards", f"After {REFUND_DAYS} days"),
        ("rewards", f"up to {CODES_MAX:,}"),
        ("rewards", f"at most {REASON_CHARS_MAX} characters"),
        ("rewards", f"a message has at most {MESSAGE_CHARS_MAX} characters"),
        ("program", f"| {check_rewards.REWARDS_MAX}; see [a reward]"),
        ("program", f"| {check_rewards.REWARD_LIMITS_MAX}; how many redemptions"),
        ("program", f"| {check_rewards.DESCRIPTION_CHARS_MAX} characters |"),
        *(("program", f"`{word}`") for word in check_rewards.APPROVALS),
    ],
)
def test_the_bounds_told_are_those_in_force(name: str, words: str) -> None:
    assert words in page(name)
