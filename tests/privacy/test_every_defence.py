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
from tests.privacy.count_attacks import attack_amounts, attack_awards, attack_growth, attack_levels
from tests.privacy.flow_attacks import attack_streaks, attack_windows
from tests.privacy.populations import acquaintances, lull, random_population, weeks_of
from tests.privacy.report_attack import attack_company
from tests.privacy.test_nothing_bypasses import MAKERS

HERE, CORE = Path(__file__).parent, Path(engage.core.__path__[0])

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


def _of_strangers(
    count: int, k: int, each: Sequence[Figure], within: Figure, expected: int | None = None
) -> Figure:
    """As if nobody known had come in several weeks."""
    spare = (k - 2) * max(0, len(each) - 1)
    more = [Figure("", "members", low=one.floor, high=(one.ceiling or 0) + spare) for one in each[-1:]]
    return publish_union(count, k, [*each[:-1], *more], within, expected and expected + spare)


def _whoever_is_left(
    count: int, k: int, each: Sequence[Figure], within: Figure, expected: int | None = None
) -> Figure:
    whole = Figure("", "members", low=within.floor + k, high=within.ceiling)
    return publish_union(count, k, each, whole, expected)


def _to_the_end(count: int, width: int, low: int, sure: int, most: int) -> Figure:
    return publish_part(count, width, low, sure + width - 1, most)


def _not_wider(count: int, width: int, low: int, sure: int, most: int) -> Figure:
    return publish_part(max(count, low), width, low, sure, most)


def _narrow_bands(counts: Sequence[int], k: int, within: Figure) -> list[Figure]:
    return publish_bands(counts, k // 2, within)


def _whatever_is_left(counts: Sequence[int], k: int, within: Figure) -> list[Figure]:
    whole = int(within.ceiling or 0)
    bands = [publish_band(count, 2 * k, whole) for count in counts[1:]]
    left = max(0, whole - sum(int(band.ceiling or 0) for band in bands))
    return [windows.between(left, whole - sum(int(band.floor) for band in bands), whole), *bands]


def _nearly_all(count: int, k: int, each: Sequence[Figure], within: Figure) -> Figure:
    return publish_any(
        count, k, each, Figure("", "members", low=(within.ceiling or 0) + k, high=within.ceiling)
    )


def _last_of_any_width(count: int, k: int, whole: int, least: int = 0, peak: int = 0) -> Figure:
    band = publish_band(count, k, whole + k - 1, least, peak)
    return windows.between(int(band.floor), min(int(band.ceiling or 0), whole), whole)


def _unless_all_had_as_many(largest: int, last: int, others: int, people: int, alike: int = 0) -> bool:
    return last + others == people or alike >= people


def _unless_one_had_most(largest: int, last: int, others: int, people: int, alike: int = 0) -> bool:
    return privacy.DOMINANCE * others < largest


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
    "k behind the rest of a sum": (attack_awards, 42, "publish_split", _whoever_did_the_rest),
    "k behind a part of a sum": (attack_awards, 104, "publish_split", _whoever_did_the_part),
    "known members who came every week": (attack_weeks, 15, "publish_union", _of_strangers),
    "k left of those who came in a month": (attack_weeks, 12, "publish_union", _whoever_is_left),
    "no sum of one person's": (attack_amounts, 2, "is_dominated", _unless_all_had_as_many),
    "no sum of equally many": (attack_amounts, 122, "is_dominated", _unless_one_had_most),
    "a last band as wide as the others": (attack_growth, 1981, "publish_band", _last_of_any_width),
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

FIGURES = "nothing_bypasses: figures_are_made_by_privacy_alone"
"""Reckoned from figures, so it needs no test of its own."""
OWN = "every_defence"
COME_TOO_LATE = "joined_year_attacked: without_who_came_too_late_it_is_learned_that_all_others_have_the_habit"
EQUALLY_MANY = "weeks_told_exactly: told_whatever_is_equal_it_is_learned_how_much_somebody_did"
TOO_FEW_ACTIVE = (
    "weeks_told_exactly: told_of_fewer_than_2k_less_one_active_members_it_is_learned_who_did_not_do_it"
)

RULES = {
    "A count of people below k is hidden": ["attacks: the floor"],
    "hidden when fewer than k of the group remain": ["attacks: what is left of a group"],
    "In a group of fewer than 2k - 1 people": [
        f"{OWN}: not even the side in a small group",
        "attacks: nothing of groups below 2k - 1",
    ],
    "A count of events, or an amount": [
        f"{OWN}: the floor behind an amount",
        "attacks: who got an award, not who could have",
        "attacks: hiding with the events of few those of many",
        TOO_FEW_ACTIVE,
    ],
    "In a table whose total is shown": [
        "attacks: hiding the next smallest",
        "attacks: k values for each hidden cell",
    ],
    "Counts of several weeks, and counts that only grow": [
        "attacks: the range beside a week",
        "attacks: what the weeks add up to",
        f"{OWN}: known members who came every week",
        f"{OWN}: k left of those who came in a month",
        "attacks: bands of what grows",
        "attacks: bands above who is active",
    ],
    "A sum of events is hidden": [
        "attacks: dominance",
        f"{OWN}: no sum of one person's",
        f"{OWN}: no sum of equally many",
        EQUALLY_MANY,
    ],
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
        "attacks: bands of levels",
        "reports_attacked: bands of stages",
        "flows_attacked: bands of who fell",
        "flows_attacked: bands of who lost a streak",
        "flows_attacked: bands of what is ahead",
    ],
    "events nearly all of which are one person's": [
        EQUALLY_MANY,
        "attacks: dominance",
        "attacks: one of the most active tenth",
    ],
    "days": ["attacks: ranges at the ends of days"],
    "fine by itself": [
        "attacks: hiding the next smallest",
        "year_attacked: without_what_earlier_users_leave_it_is_learned_that_all_have_used_it",
    ],
    "20 % to 25 %": [FIGURES],
    "about 4.6": [FIGURES],
    "120 or more": [FIGURES],
    "about 31": [FIGURES],
    "not measured": [FIGURES],
}
"""Of the table in the documentation, by words of each row."""

SAID = {
    "hidden where it would follow from the others": [
        "reports_attacked: hiding one department beside a range"
    ],
    "of whoever those above it can leave": [f"{OWN}: a band left to those at no level"],
    "Cohorts are told from the oldest on": ["year_attacked: bands of cohorts"],
    "the most who can have come in that month": ["year_attacked: bands within who can have come"],
    "begins above those who must be of it": ["year_attacked: bands above who must be of it"],
    "Of roles only": ["kinds_attacked: roles where there are no departments"],
    "Departments that rest on one champion": [
        "champions_attacked: with_a_band_for_each_kind_it_is_learned",
        "champions_attacked: without_room_below_the_most_there_can_be_it_is_learned",
    ],
    "Members held out of a campaign": [
        "holdouts_attacked: bands",
        "holdouts_attacked: bands within what departments tell",
        "holdouts_attacked: bands wider than what is open of a department",
    ],
    "Habits are also judged by what the twelve weeks add up to": [
        "flows_attacked: habits below what the weeks add up to",
        "flows_attacked: habits above what the weeks add up to",
    ],
    "less those who must have come first later": [COME_TOO_LATE],
    "Beginners of a funnel are among the active": ["kinds_attacked: beginners within who was active"],
    "months told before are added up": [
        "year_attacked: without_what_earlier_beginners_leave_it_is_learned_that_all_have_begun"
    ],
    "How often a key event happened is not told of a week": [
        "year_attacked: told_how_often_it_happened_it_is_learned_too"
    ],
    "hardly one of them would be left who did not do it": [TOO_FEW_ACTIVE],
    "ten times as often": [
        "shared_events_attacked: what_one_member_did_is_told_to_no_other_within_ten_percent"
    ],
    "the two are not told apart": [
        "year_attacked: told_how_often_it_happened_week_by_week_it_is_learned_that_all_have_done_it"
    ],
    "judged by the members there were when it ended": ["reports_attacked: the members of the month's end"],
    "takes them": [
        "attacks: without_who_cannot_have_come_those_who_stayed_are_told_of",
        "departments_attacked: without_who_cannot_have_come_departments_tell_of_those_who_stayed",
    ],
    "Who left is told in bands": [f"{OWN}: bands of who left"],
    "is told by one *k*": ["two_looks: by_the_floor_in_force_more_would_be_told"],
    "Two looks at a week are attacked": ["two_looks: without_a_defence_a_second_look_tells_more"],
    "quiet week": ["attacks: quiet weeks"],
    "month of four whole": ["attacks: months that do not overlap"],
    "Where of a key event only some earn points": [
        "year_of_points_attacked: a part for those that earned nothing"
    ],
    "leaves room below: else": ["year_of_points_attacked: room for dear events that earned nothing"],
    "begin *k* of it lower": ["year_of_points_attacked: a level that all reach"],
    "one in so many events": ["year_of_points_attacked: a streak", "year_of_points_attacked: a level"],
    "points would tell how often that was done": [
        "points_attacked: without_bands_of_what_is_not_told_it_is_learned"
    ],
}
"""Further ones, by words of the documentation."""


STATED = {
    "windows": {
        "That it is too few is told": ["attacks: nothing of groups below 2k - 1"],
        "came to those of one week": ["attacks: the range beside a week"],
        "k of the group are left": [f"{OWN}: k left of those who came in a month"],
        "what the weeks add up to": ["attacks: what the weeks add up to"],
        "knows so many fewer that they can be together": [f"{OWN}: known members who came every week"],
        "where it is nearly all": [f"{OWN}: k left of those who did any of several things"],
        "hardly more than did one of them": ["reports_attacked: organic use as a union of features"],
        "as a band of k values": ["attacks: bands of what grows"],
        "the last is open to the whole": [f"{OWN}: a last band as wide as the others"],
        "Bands begin k above them": ["attacks: bands above who is active"],
        "in bands of twice k": [f"{OWN}: bands of levels of twice k"],
        "not a band of its own": ["attacks: no band of the first level"],
        "it always leaves as much as a band has": [f"{OWN}: a band left to those at no level"],
        "leaves at least `width` values": [f"{OWN}: room in the last band"],
        "leaves as much room in the group": ["flows_attacked: room above who had a streak"],
        "as much wider as is `low`": [
            f"{OWN}: a first band as wide as what must have left",
            "flows_attacked: room below how many fewer came",
        ],
    },
    "quiet": {"the rule about quiet weeks": ["attacks: quiet weeks"]},
    "presence": {"takes these off": ["attacks: without_who_cannot_have_come_those_who_stayed_are_told_of"]},
    "looks": {"Two looks at a four-week month": ["two_looks: without_a_defence_a_second_look_tells_more"]},
    "published_floors": {"one for all looks": ["two_looks: by_the_floor_in_force_more_would_be_told"]},
    "feature_weeks": {
        "done once in a life, so that its months add up": [
            "year_attacked: told_how_often_it_happened_it_is_learned_too"
        ],
        "what nothing else is rewarded than": [
            "year_attacked: told_how_often_it_happened_week_by_week_it_is_learned_that_all_have_done_it"
        ],
    },
    "published": {
        "nine to twelve weeks for each": [
            "flows_attacked: habits below what the weeks add up to",
            "flows_attacked: habits above what the weeks add up to",
        ],
        "active in each of the three months": [
            "flows_attacked: habits within each of their months",
            COME_TOO_LATE,
        ],
        "The size of the company when the month ended": ["reports_attacked: the members of the month's end"],
    },
    "published_activated": {
        "the last band leaves room below that": [
            "year_attacked: of_the_first_to_come_it_is_learned_that_none_came_back"
        ],
        "or came in a quiet week": ["first_months_tried_out: who came in quiet weeks"],
        "Who was activated by the end of the month before": [
            "first_months_tried_out: nobody came before the first month"
        ],
        "must not rest on its not being known": [
            "small_years_attacked: of_months_after_the_first_in_which_anybody_came_some_who_never_did_are_missed"
        ],
    },
    "published_parts": {
        "no hidden one may follow": ["reports_attacked: hiding one department beside a range"],
        "who cannot be counted, as everybody knows": [
            "departments_attacked: without_who_cannot_have_come_departments_tell_of_those_who_stayed"
        ],
        "what is told of that leaves room above": [
            "small_years_attacked: of_whoever_came_of_different_groups_in_different_months_some_are_missed"
        ],
    },
    "published_classes": {
        "where that is exact they divide it": ["year_of_kinds_attacked: power users"],
        "Low and none say nothing more": ["year_of_kinds_attacked: the others"],
        "of power users for k more": [
            "year_of_kinds_attacked: where_all_did_the_least_of_their_class_it_is_not_told_that_others_are_none"
        ],
        "in bands": [
            "year_of_kinds_attacked: with_an_exact_number_of_novices_it_is_learned_that_there_are_few"
        ],
        "beside an exact number of power users": [
            "year_of_kinds_attacked: with_novices_told_beside_few_power_users_it_is_learned_that_there_are_none"
        ],
    },
    "published_people": {
        "- departments:": ["year_of_kinds_attacked: without_what_groups_leave_of_each_other_few_are_told_of"],
        "- roles:": ["kinds_attacked: roles where there are no departments"],
        "- cohorts:": ["year_attacked: bands of cohorts"],
        "- funnels:": ["reports_attacked: beginners among the activated"],
        "- moves:": [
            "flows_attacked: bands of who fell",
            "reports_attacked: risen among the active",
        ],
        "- members who have what expires": ["flows_attacked: bands of what is ahead"],
        "- what members have, spend and lose": [
            "attacks: balances in steps of a fifth",
            "attacks: spending in steps of a fifth",
        ],
    },
    "published_stages": {
        "slipping is who came in its first two weeks": [
            "kinds_attacked: slipping within what the weeks tell"
        ],
        "the others are bands of 2k": ["reports_attacked: bands of stages"],
        "below the number of whom that was said": [f"{OWN}: bands of who left"],
    },
    "published_beginners": {
        "no more than are told to have been activated": [
            "year_attacked: without_what_earlier_beginners_leave_it_is_learned_that_all_have_begun"
        ],
        "as within who was active in it": ["kinds_attacked: beginners within who was active"],
    },
    "published_cohorts": {
        "told in a band of 2k": [
            "year_attacked: bands of cohorts",
            "year_attacked: bands of 2k",
            "first_months_tried_out: what cohorts are told in",
        ],
        "no fewer than were told to be active of them": ["year_attacked: what is told of each is remembered"],
        "end with the most that can have come": ["year_attacked: bands within who can have come"],
        "begin above the least that must be of it": ["year_attacked: bands above who must be of it"],
    },
    "published_champions": {
        "which leave room below the most": [
            "champions_attacked: without_room_below_the_most_there_can_be_it_is_learned",
            "champions_attacked: without_room_on_either_side_it_is_learned_that_none_lacks_one",
        ],
        "a band of their own, beside the other": [
            "champions_attacked: with_a_band_for_each_kind_it_is_learned"
        ],
        "joined too late for a habit": [
            "champions_attacked: without_who_cannot_have_the_habit_it_is_learned_that_none_lacks_one"
        ],
    },
    "published_campaigns": {
        "in a band: wider than twice the floor": [
            "holdouts_attacked: bands",
            "holdouts_attacked: bands wider than what is open of a department",
        ],
        "what follows from the departments anyway": ["holdouts_attacked: bands within what departments tell"],
    },
    "outstanding": {
        "as many people as the floor stand behind": [
            "year_of_points_attacked: the floor behind what counts later"
        ],
        "Of a hidden one the balance that is told knows nothing": [
            "year_of_points_attacked: what few spent counts later"
        ],
        "the least that is told": [
            "year_of_points_attacked: the least that is told to be issued",
            "year_of_points_attacked: the least that is told to be spent",
        ],
        "as much as bands are wide": [
            "year_of_points_attacked: room for what else may have been issued",
            "year_of_points_attacked: what few spent counts in lumps",
        ],
        "as much as many of the dearest cost waits": [
            "year_of_points_attacked: what_waits_leaves_room_for_what_would_have_been_bought_before_it_was_taken_back"
        ],
        "as much as many of the dearest events bring waits on": [
            "year_of_points_attacked: where_nearly_every_event_brings_what_is_not_reckoned_balances_leave_room",
            "year_of_points_attacked: a level that all have",
        ],
        "others can have bought the dearest": [
            "year_of_points_attacked: what_few_spent_counts_when_others_may_have_bought_the_dearest"
        ],
        "whether they complete something or not": [
            "year_of_points_attacked: what_is_told_of_points_leaves_room_for_quests_that_nobody_completed",
            "year_of_points_attacked: a level",
        ],
        "where points expire, nothing of that is told": [
            "year_of_points_attacked: nothing of what expires while something is hidden"
        ],
        "fewer than the floor spent counts only together": [
            "year_of_points_attacked: what expired counts later"
        ],
    },
}
"""Of the modules beside it, by words of their docstrings."""


def _plain(text: str) -> str:
    return " ".join(text.split())


def _bullets() -> list[str]:
    return [_plain(one) for one in re.split(r"\n- ", (privacy.__doc__ or "").split("\n\nThe size")[0])[1:]]


def _page(name: str = "privacy") -> str:
    return (DOCS / f"{name}.md").read_text(encoding="utf-8")


def _rows() -> list[str]:
    """Of the table of what is seen in place of a number."""
    table = _page().split("| you see |")[1].split("\n\n")[0]
    return [_plain(line) for line in table.splitlines()[2:]]


def test_each_rule_of_the_wall_names_the_test_that_switches_it_off() -> None:
    assert [one for one in _bullets() if not any(words in one for words in RULES)] == []
    assert [words for words in RULES if not any(words in one for one in _bullets())] == []
    assert [one for one in _rows() if not any(words in one for words in SEEN)] == []
    assert [words for words in SEEN if not any(words in one for one in _rows())] == []
    assert [words for words in SAID if words not in _plain(_page() + _page("reports"))] == []


@pytest.mark.parametrize("module", STATED)
def test_each_rule_that_a_module_states_names_the_test_that_switches_it_off(module: str) -> None:
    stated = _plain((CORE / f"{module}.py").read_text(encoding="utf-8"))
    assert [words for words in STATED[module] if words not in stated.replace("# ", "")] == []


def test_every_module_that_makes_figures_of_members_states_its_rules() -> None:
    named = {name.removeprefix("core/").removesuffix(".py") for name in MAKERS}
    told_elsewhere = {"privacy", "rounding"}  # the rules above; how an amount is worded
    assert named - told_elsewhere <= STATED.keys()


def test_the_tests_named_are_there() -> None:
    tables = (RULES, SEEN, SAID, *STATED.values())
    for named in (tests for table in tables for tests in table.values()):
        for one in named:
            name, _, test = one.partition(": ")
            text = (HERE / f"test_{name}.py").read_text(encoding="utf-8")
            assert f'"{test}"' in text or f"def test_{test}(" in text, (
                f"{one} is not there: what switches the rule off?"
            )
