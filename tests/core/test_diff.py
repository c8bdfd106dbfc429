"""Differences between programs: by id, in words, and none missed."""

from __future__ import annotations

from pathlib import Path

import pytest

from engage.core.diff import Change, diff_programs
from engage.core.program import Program, program_hash
from engage.document import read_program

CRM = (Path(__file__).parents[2] / "examples" / "programs" / "crm.yaml").read_text()


def program(text: str) -> Program:
    read = read_program(text)
    assert read.program is not None, [str(problem) for problem in read.problems]
    return read.program


def changes(old: str, new: str) -> list[Change]:
    assert old in CRM
    return diff_programs(program(CRM), program(CRM.replace(old, new, 1)))


def test_equal_programs_have_no_difference() -> None:
    assert diff_programs(program(CRM), program("# another comment\n" + CRM)) == []


@pytest.mark.parametrize(
    "old, new, kind, text",
    [
        ("effects: [{award: 3}]", "effects: [{award: 4}]", "changed",
         "rule lead-added: effects changed from award 3 points to award 4 points"),
        ("award: 40\n", "award: {rate: 0.02, of: event.properties.value, max: 9}\n", "changed",
         ("rule deal-won: effects changed from award 40 points, badge closer to "
         "award points (2% of event.properties.value, at most 9), badge closer")),
        ("late_days: 30\n", "late_days: 30\nnudges: {hi: {text: Hello.}}\n", "added", "nudge hi added (text: Hello.)"),
        ("late_days: 30\n", "late_days: 30\ntags: {vip: {name: V}}\n", "added", "tag vip added (name: V)"),
        ("effects: [{award: 8}]", "effects: [{award: 8}, {badge: closer}]", "changed",
         "rule quote-sent: effects changed from award 8 points to award 8 points, badge closer"),
        ("multiply: {by: 2}", "advance: {quest: month-of-deals, by: 3}", "changed",
         ("rule big-deal: effects changed from multiply points by 2, badge big-closer to "
         "advance quest month-of-deals by 3, badge big-closer")),
        ("multiply: {by: 2}", "webhook: {name: big, send: [event.properties.value]}", "changed",
         ("rule big-deal: effects changed from multiply points by 2, badge big-closer to "
         "webhook big with value, badge big-closer")),
        ("late_days: 30\n", "late_days: 30\naudiences: {hi: {conditions: {field: member.level, op: is_set}}}\n",
         "added", "audience hi added (name: Hi; conditions: member.level is given)"),
        ("late_days: 30\n", "late_days: 30\ngroups: {size: {pick: best}}\n", "added",
         "group size added (the one that awards most points)"),
        ("quests:\n",
         ("quests:\n  - {id: q, goal: {event: Win Opportunity, sum: event.properties.value}, "
          "repeats: month, from: 2026-01-01, counts_from: join, silently: true, requires: {badges: [closer]}, "
          "tiers: [{reach: 5, effects: [award: 1]}, {reach: 9}]}\n"),
         "added",
         ("quest q added (name: Q; goals: 9 in all of event.properties.value of Win Opportunity; repeats: month; "
          "from: 2026-01-01; counts history: from joining, silently; requires: badge closer; "
          "tier 1: 5: award 1 points; tier 2: 9: nothing)")),
        ("late_days: 30\n", "late_days: 30\ncalendar: {holidays: [2026-12-25]}\n", "added",
         "calendar added (working_days: monday, tuesday, wednesday, thursday, friday; holidays: 2026-12-25)"),
        ("late_days: 30\n",
         "late_days: 30\nstreaks: [{id: daily, event: Win Opportunity, freezes: {most: 2, count: 1}}]\n",
         "added",
         ("streak daily added (name: Daily; every: day; counts: Win Opportunity; days: working; "
          "freezes: at most 2, 1 granted per month)")),
        ("count: 20}", "count: 30}", "changed",
         "rule lead-added: limit on firings per member and day changed from at most 20 to at most 30"),
        ("value: 10000", "value: 20000", "changed",
         ("rule big-deal: conditions changed from event.properties.value is at least 10000 to "
         "event.properties.value is at least 20000")),
        ("multiply: {by: 2}", "multiply: {by: 1.125}", "changed",
         ("rule big-deal: effects changed from multiply points by 2, badge big-closer to "
         "multiply points by 1.125, badge big-closer")),
        ("late_days: 30", "late_days: 10", "changed", "program: late_days changed from 30 to 10"),
        ("{name: Points}", "{name: Points, debt: allow}", "changed",
         "currency points: debt changed from refuse to allow"),
        ("threshold: 1200", "threshold: 1300", "changed", "level silver: threshold changed from 1200 to 1300"),
        (", beta: true}", "}", "removed", "level gold: benefit beta removed (was true)"),
        ("{name: Search run}", "{name: Search run, properties: {hits: {type: integer}}}", "added",
         "event Search: property hits added: integer"),
        ("amount: 100000}", "amount: 100000, over: refuse}", "changed",
         ("budget points per month changed from at most 100000, the last award cut to what is left, told at 80, 100 % "
         "to at most 100000, an award that does not fit refused, told at 80, 100 %")),
        ("id: quote-sent\n", "id: quote-sent\n    name: Quotes\n", "changed",
         "rule quote-sent: name changed from Quote sent to Quotes"),
    ],
)  # fmt: skip
def test_one_edit_is_one_change_in_words(old: str, new: str, kind: str, text: str) -> None:
    (change,) = changes(old, new)
    assert (change.kind, change.text) == (kind, text)
    assert change.pointer.startswith("/")


def test_a_renamed_rule_is_one_gone_and_one_new() -> None:
    added, removed = changes("id: quote-sent", "id: quoted")
    assert (added.kind, added.pointer, added.old) == ("added", "/rules/quoted", None)
    assert added.new == (
        "name: Quoted; trigger: Quote; effects: award 8 points; limit on firings per member and week: at most 25"
    )
    assert (removed.kind, removed.pointer, removed.new) == ("removed", "/rules/quote-sent", None)


def test_moving_a_rule_is_one_change_of_order() -> None:
    old = program(CRM)
    moved = Program(
        **{name: getattr(old, name) for name in old.__struct_fields__} | {"rules": old.rules[::-1]}
    )
    (change,) = diff_programs(old, moved)
    assert change.text.startswith("rules: order changed from lead-added, lead-called")


def test_a_first_program_is_all_added() -> None:
    found = diff_programs(None, program(CRM))
    assert {change.kind for change in found} == {"added"}
    assert found[0].text.startswith("program added (name: CRM adoption; ")
    assert len([change for change in found if change.pointer.startswith("/rules/")]) == 12


def test_a_long_list_is_compared_to_its_end() -> None:
    start = "{field: event.hour, op: in, value: [1, 2, 3, 4, 5, 6, 7, "
    base = CRM.replace("{field: event.properties.value, op: ge, value: 10000}", start + "8]}")
    new = base.replace("7, 8]", "7, 9]")
    assert program_hash(program(base)) != program_hash(program(new))
    (change,) = diff_programs(program(base), program(new))
    assert change.pointer == "/rules/big-deal/conditions"


def test_a_limit_of_another_kind_is_another_limit() -> None:
    added, removed = changes("[{per: member, window: day, count: 20}]", "[{cooldown: {hours: 1}}]")
    assert added.text == "rule lead-added: cooldown per member added: 1 hour"
    assert removed.text == "rule lead-added: limit on firings per member and day removed (was at most 20)"
