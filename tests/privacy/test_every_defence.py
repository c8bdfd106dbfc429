"""Every rule of the wall has a test in which it is switched off, and then an attack succeeds: none is there for show.

The words of the rules are the list: each rule that `engage.core.privacy` and the documentation state is named here
with the test that shows it red, so a rule that is added, or said in other words, is looked at here as well. Those that
no other file of this folder switches off are switched off below.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import pytest

import engage.core
from engage.core import privacy, windows
from engage.core.measures import WeekMeasures
from engage.core.privacy import Figure, Published
from engage.core.stage_weeks import LEFT_IDLE, LEFT_NEVER
from tests.docs_pages import DOCS
from tests.privacy.activity_attack import attack_activity
from tests.privacy.company_population import random_company, weeks_of_company
from tests.privacy.count_attacks import attack_amounts, attack_awards, attack_levels
from tests.privacy.flow_attacks import attack_streaks, attack_windows
from tests.privacy.populations import acquaintances, lull, random_population, weeks_of
from tests.privacy.report_attack import attack_company

HERE = Path(__file__).parent

# --- switched off here ----------------------------------------------------------------------------------------

publish_amount, publish_count, publish_split = (
    privacy.publish_amount,
    privacy.publish_count,
    privacy.publish_split,
)
publish_band, publish_bands = windows.publish_band, windows.publish_bands
publish_any, publish_part, publish_union = windows.publish_any, windows.publish_part, windows.publish_union


def _core() -> Iterator[ModuleType]:
    for one in pkgutil.iter_modules(engage.core.__path__):
        yield importlib.import_module(f"engage.core.{one.name}")


def _say_the_side(count: int, k: int, within: Figure, **_: Any) -> Figure:
    return publish_count(count, k, within, told=True)


def _whoever_is_behind(amount: int, people: int, k: int, unit: Any = "events") -> Figure:
    return publish_amount(amount, max(people, k), k, unit)


def _whoever_did_the_rest(
    part: int, behind_part: int, total: int, behind_rest: int, people: int, k: int, *, dominated: bool = False
) -> Published:
    return publish_split(part, behind_part, total, people, people, k, dominated=dominated)


def _whoever_did_the_part(
    part: int, behind_part: int, total: int, behind_rest: int, people: int, k: int, *, dominated: bool = False
) -> Published:
    return publish_split(part, people, total, behind_rest, people, k, dominated=dominated)


def _of_strangers(count: int, k: int, each: Sequence[Figure], within: Figure) -> Figure:
    """As if nobody known had come in several weeks."""
    spare = (k - 2) * max(0, len(each) - 1)
    more = [Figure("", "members", low=one.floor, high=(one.ceiling or 0) + spare) for one in each[-1:]]
    return publish_union(count, k, [*each[:-1], *more], within)


def _whoever_is_left(count: int, k: int, each: Sequence[Figure], within: Figure) -> Figure:
    return publish_union(count, k, each, Figure("", "members", low=within.floor + k, high=within.ceiling))


def _to_the_end(count: int, width: int, low: int, sure: int, most: int) -> Figure:
    return publish_part(count, width, low, sure + width - 1, most)


def _not_wider(count: int, width: int, low: int, sure: int, most: int) -> Figure:
    return publish_part(max(count, low), width, low, sure, most)


def _narrow_bands(counts: Sequence[int], k: int, within: Figure) -> list[Figure]:
    return publish_bands(counts, k // 2, within)


def _whatever_is_left(counts: Sequence[int], k: int, within: Figure) -> list[Figure]:
    whole, bands = int(within.ceiling or 0), [publish_band(count, 2 * k, within) for count in counts[1:]]
    left = max(0, whole - sum(int(band.ceiling or 0) for band in bands))
    return [windows.between(left, whole - sum(int(band.floor) for band in bands), whole), *bands]


def _nearly_all(count: int, k: int, each: Sequence[Figure], within: Figure) -> Figure:
    return publish_any(
        count, k, each, Figure("", "members", low=(within.ceiling or 0) + k, high=within.ceiling)
    )


def attack_weeks(random: Random) -> list[str]:
    return _attack_weeks(random, random_population)


def attack_lull(random: Random) -> list[str]:
    return _attack_weeks(random, lull)


def _attack_weeks(random: Random, draw: Any) -> list[str]:
    people = draw(random, 5)
    known = acquaintances(random, people)
    return attack_activity(people, weeks_of(people), known)


def attack_reports(random: Random) -> list[str]:
    found = random_company(random)
    there = [one for one in found.members if one.base.joined <= 4]
    known = random.sample(there, found.k - 2)
    return attack_company(found, weeks_of_company(found), known)


def _all_who_left(week: WeekMeasures, whole: int, active: tuple[int, int], k: int) -> Figure:
    gone = week.stages[LEFT_NEVER] + week.stages[LEFT_IDLE]
    return windows.between(gone, gone, whole)


DEFENCES: dict[str, tuple[Callable[[Random], list[str]], int, str, object]] = {
    "not even the side in a small group": (attack_lull, 3, "publish_count", _say_the_side),
    "the floor behind an amount": (attack_amounts, 0, "publish_amount", _whoever_is_behind),
    "k behind the rest of a sum": (attack_awards, 61, "publish_split", _whoever_did_the_rest),
    "k behind a part of a sum": (attack_awards, 10, "publish_split", _whoever_did_the_part),
    "known members who came every week": (attack_weeks, 15, "publish_union", _of_strangers),
    "k left of those who came in a month": (attack_weeks, 12, "publish_union", _whoever_is_left),
    "room in the last band": (attack_windows, 27, "publish_part", _to_the_end),
    "bands of levels of twice k": (attack_levels, 31, "publish_bands", _narrow_bands),
    "a band left to those at no level": (attack_levels, 634, "publish_bands", _whatever_is_left),
    "k left of those who did any of several things": (attack_reports, 38, "publish_any", _nearly_all),
    "bands of who left": (attack_reports, 13, "_publish_left", _all_who_left),
    "a first band as wide as what must have left": (attack_streaks, 2, "publish_flow", _not_wider),
}


@pytest.mark.parametrize("defence", DEFENCES)
def test_without_one_defence_something_is_learned(defence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    attack, seed, name, without = DEFENCES[defence]
    assert attack(Random(seed)) == []
    for module in _core():
        if hasattr(module, name):
            monkeypatch.setattr(module, name, without)
    assert attack(Random(seed)) != []


# --- the rules, in their own words ----------------------------------------------------------------------------

FIGURES = "test_nothing_bypasses.py: test_figures_are_made_by_privacy_alone"
"""Reckoned from figures, so it needs no test of its own."""
OWN = "test_every_defence.py"

RULES = {
    "A count of people below k is hidden": ["test_attacks.py: the floor"],
    "hidden when fewer than k of the group remain": ["test_attacks.py: what is left of a group"],
    "In a group of fewer than 2k - 1 people": [
        f"{OWN}: not even the side in a small group",
        "test_attacks.py: nothing of groups below 2k - 1",
    ],
    "A count of events, or an amount": [
        f"{OWN}: the floor behind an amount",
        "test_attacks.py: who got an award, not who could have",
        "test_attacks.py: hiding with the events of few those of many",
    ],
    "In a table whose total is shown": [
        "test_attacks.py: hiding the next smallest",
        "test_attacks.py: k values for each hidden cell",
    ],
    "Counts of several weeks, and counts that only grow": [
        "test_attacks.py: the range beside a week",
        "test_attacks.py: what the weeks add up to",
        f"{OWN}: known members who came every week",
        f"{OWN}: k left of those who came in a month",
        "test_attacks.py: bands of what grows",
        "test_attacks.py: bands above who is active",
    ],
    "A sum of events is hidden": ["test_attacks.py: dominance"],
    "A ratio is hidden with either": [FIGURES],
    "A sum over weeks adds": [FIGURES],
}
"""Of `engage.core.privacy`, by how each begins: the tests in which it is switched off."""

SEEN = {
    "fewer than 5": RULES["A count of people below k is hidden"],
    "96 or more": RULES["hidden when fewer than k of the group remain"],
    "the group itself is too small": RULES["In a group of fewer than 2k - 1 people"],
    "38 to 42": RULES["Counts of several weeks, and counts that only grow"],
    "30 to 39": [
        f"{OWN}: bands of levels of twice k",
        f"{OWN}: room in the last band",
        "test_attacks.py: bands of levels",
        "test_reports_attacked.py: bands of stages",
        "test_flows_attacked.py: bands of who fell",
        "test_flows_attacked.py: bands of who lost a streak",
        "test_flows_attacked.py: bands of what is ahead",
    ],
    "events nearly all of which are one person's": [
        "test_attacks.py: dominance",
        "test_attacks.py: one of the most active tenth",
    ],
    "days": ["test_attacks.py: ranges at the ends of days"],
    "fine by itself": [
        "test_attacks.py: hiding the next smallest",
        "test_year_attacked.py: test_without_what_earlier_users_leave_it_is_learned_that_all_have_used_it",
    ],
    "20 % to 25 %": [FIGURES],
    "120 or more": [FIGURES],
    "about 31": [FIGURES],
    "not measured": [FIGURES],
}
"""Of the table in the documentation, by words of each row."""

SAID = {
    "hidden where it would follow from the others": [
        "test_reports_attacked.py: hiding one department beside a range"
    ],
    "their bands would leave next to nobody at none": [f"{OWN}: a band left to those at no level"],
    "months in which nobody was activated are cohorts": [
        "test_kinds_attacked.py: months in which nobody was activated"
    ],
    "add up to nearly all members": ["test_kinds_attacked.py: cohorts that leave k in all"],
    "Of roles only": ["test_kinds_attacked.py: roles where there are no departments"],
    "Departments that rest on one champion": [
        "test_champions_attacked.py: test_with_a_band_for_each_kind_it_is_learned",
        "test_champions_attacked.py: test_without_room_below_the_most_there_can_be_it_is_learned",
    ],
    "Members held out of a campaign": [
        "test_holdouts_attacked.py: bands",
        "test_holdouts_attacked.py: bands within what departments tell",
        "test_holdouts_attacked.py: bands wider than what is open of a department",
    ],
    "Habits are also judged by what the twelve weeks add up to": [
        "test_flows_attacked.py: habits below what the weeks add up to",
        "test_flows_attacked.py: habits above what the weeks add up to",
    ],
    "Beginners of a funnel are among the active": ["test_kinds_attacked.py: beginners within who was active"],
    "months told before are added up": [
        "test_year_attacked.py: test_without_what_earlier_beginners_leave_it_is_learned_that_all_have_begun"
    ],
    "How often a key event happened is not told of a week": [
        "test_year_attacked.py: test_told_how_often_it_happened_it_is_learned_too"
    ],
    "the two are not told apart": [
        "test_year_attacked.py: test_told_how_often_it_happened_week_by_week_it_is_learned_that_all_have_done_it"
    ],
    "judged by the members there were when it ended": [
        "test_reports_attacked.py: the members of the month's end"
    ],
    "takes them": [
        "test_attacks.py: test_without_who_cannot_have_come_those_who_stayed_are_told_of",
        "test_departments_attacked.py: test_without_who_cannot_have_come_departments_tell_of_those_who_stayed",
    ],
    "Who left is told in bands": [f"{OWN}: bands of who left"],
    "is told by one *k*": ["test_two_looks.py: test_by_the_floor_in_force_more_would_be_told"],
    "Two looks at a week are attacked": [
        "test_two_looks.py: test_without_a_defence_a_second_look_tells_more"
    ],
    "quiet week": ["test_attacks.py: quiet weeks"],
    "month of four whole": ["test_attacks.py: months that do not overlap"],
    "points would tell how often that was done": [
        "test_points_attacked.py: test_without_bands_of_what_is_not_told_it_is_learned"
    ],
}
"""Further ones, by words of the documentation."""


def _plain(text: str) -> str:
    return " ".join(text.split())


def _bullets() -> list[str]:
    return [_plain(one) for one in re.split(r"\n- ", (privacy.__doc__ or "").split("\n\nThe size")[0])[1:]]


def _page() -> str:
    return (DOCS / "reports.md").read_text(encoding="utf-8")


def _rows() -> list[str]:
    """Of the table of what is seen in place of a number."""
    table = _page().split("## What is hidden, and why")[1].split("| you see |")[1].split("\n\n")[0]
    return [_plain(line) for line in table.splitlines()[2:]]


def test_each_rule_of_the_wall_names_the_test_that_switches_it_off() -> None:
    assert [one for one in _bullets() if not any(words in one for words in RULES)] == []
    assert [words for words in RULES if not any(words in one for one in _bullets())] == []
    assert [one for one in _rows() if not any(words in one for words in SEEN)] == []
    assert [words for words in SEEN if not any(words in one for one in _rows())] == []
    assert [words for words in SAID if words not in _plain(_page())] == []


def test_the_tests_named_are_there() -> None:
    for named in (*RULES.values(), *SEEN.values(), *SAID.values()):
        for one in named:
            name, _, test = one.partition(": ")
            text = (HERE / name).read_text(encoding="utf-8")
            assert f'"{test}"' in text or f"def {test}(" in text, (
                f"{one} is not there: what switches the rule off?"
            )
