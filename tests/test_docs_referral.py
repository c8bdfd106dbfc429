"""The page on referral says what the core does: its example is a program, its bounds and words are those in force."""

from __future__ import annotations

import re

from engage.actions.powered import CHANNELS_MAX
from engage.core import check_referral
from engage.core.referral import FUNNEL, OFFERS_MAX
from engage.document import read_program
from engage.web.api.referral import DAYS_DEFAULT
from tests.docs_pages import ROOT, blocks, page, rows

PROGRAM = "name: A\ncurrencies: {points: {}}\nevents: {Lesson Finished: {}}\n"


def test_the_example_is_a_program() -> None:
    [example] = blocks(page("referral"), "yaml")
    found = read_program(PROGRAM + example)
    assert found.program is not None, found.problems
    assert found.program.referral is not None
    assert found.program.referral.channels == ("chat", "email")


def test_every_refusal_is_told() -> None:
    text = (ROOT / "engage/core/referral.py").read_text("utf-8")
    codes = {own or shared for own, shared in re.findall(r'Lack\(\s*"(\w+)"|append\((\w+)_lack\(', text)}
    assert {row[0].strip("`") for row in rows(page("referral"), "| `code` | means |")} == codes


def test_the_bounds_are_those_in_force() -> None:
    text = page("referral")
    assert f"at most {check_referral.DAYS_MAX} after" in text
    assert f"| `{check_referral.DAYS_DEFAULT}` | 1 to {check_referral.DAYS_MAX}" in text
    assert f"| 1 to {check_referral.CHANNELS_MAX}: by which" in text
    assert f"has {OFFERS_MAX} invitations that count" in text
    assert f"the last {DAYS_DEFAULT} without" in text
    assert f"up to {CHANNELS_MAX} channels" in text
    assert all(f"`{step}`" in text for step in FUNNEL)
