"""Mistakes in a program's referral, each named where it is; and what of it changes."""

from __future__ import annotations

import pytest

from engage.core.diff import diff_programs
from engage.document import read_program
from tests.core.history import program_of

HEAD = """
name: A
currencies: {points: {}}
audiences: {leads: {conditions: {field: member.traits.role, op: eq, value: lead}}}
traits: {member: {role: {type: string}}}
events: {Lesson: {properties: {minutes: {type: integer}, who: {type: string}}}}
"""
WHOLE = (
    HEAD
    + """
referral:
  invites: {event: Lesson, to: event.properties.who}
  active: {event: Lesson, count: 3, within: 60, conditions: {field: event.properties.minutes, op: ge, value: 5}}
  invited: {effects: [award: 50]}
  inviter: {effects: [award: 100], limits: [{per: member, window: month, count: 5}]}
  invitations: [{per: member, window: day, count: 20}]
  channels: [chat, mail]
  audience: leads
  link: "https://example.com/join?code={code}"
"""
)


@pytest.mark.parametrize(
    "said, pointer, words",
    [
        ("{}", "/referral", "missing key 'active'"),
        ("{active: {}}", "/referral/active", "missing key 'event'"),
        ("{active: {event: Leson}}", "/referral/active/event", "Leson"),
        ("{active: {event: Lesson, count: 0}}", "/referral/active/count", "1"),
        ("{active: {event: Lesson, within: 400}}", "/referral/active/within", "366"),
        (
            "{active: {event: Lesson, conditions: {field: event.properties.x, op: eq, value: 1}}}",
            "/referral/active/conditions/field",
            "event.properties.x",
        ),
        ("{active: {event: Lesson}, window: 0}", "/referral/window", "1"),
        ("{active: {event: Lesson}, channels: []}", "/referral/channels", "at least 1"),
        ("{active: {event: Lesson}, channels: [a, a]}", "/referral/channels/1", "is there already"),
        ("{active: {event: Lesson}, audience: all}", "/referral/audience", "all"),
        ("{active: {event: Lesson}, campaign: spring}", "/referral/campaign", "spring"),
        ("{active: {event: Lesson}, link: example.com}", "/referral/link", "https://app.example.com"),
        (
            "{active: {event: Lesson}, invited: {effects: [badge: x]}}",
            "/referral/invited/effects/0/badge",
            "x",
        ),
        ("{active: {event: Lesson}, inviter: {}}", "/referral/inviter", "missing key 'effects'"),
        (
            "{active: {event: Lesson}, invites: {event: Lesson, to: event.properties.minutes}}",
            "/referral/invites/to",
            "of type string",
        ),
        (
            "{active: {event: Lesson}, invites: {event: Lesson, to: member.traits.role}}",
            "/referral/invites/to",
            "must be a property",
        ),
    ],
)
def test_a_mistake_is_named_where_it_is(said: str, pointer: str, words: str) -> None:
    found = read_program(f"{HEAD}referral: {said}\n")
    assert found.program is None
    assert [problem.pointer for problem in found.problems] == [pointer]
    assert words in found.problems[0].message


def test_a_rule_waits_for_a_referral_only_where_there_is_one() -> None:
    rule = "rules: [{id: a, trigger: {referral: joined}, effects: [award: 1]}]\n"
    [problem] = read_program(HEAD + rule).problems
    assert (problem.pointer, problem.message) == (
        "/rules/0/trigger/referral",
        "nobody is invited: the program has no referral",
    )
    [problem] = read_program(WHOLE + rule.replace("joined", "left")).problems
    assert problem.pointer == "/rules/0/trigger/referral"


def test_every_change_is_told() -> None:
    changes = (
        ("count: 3", "count: 4", "active"),
        ("within: 60", "within: 90", "active"),
        ("value: 5}", "value: 6}", "active"),
        ("award: 50", "award: 51", "invited"),
        ("award: 100", "award: 101", "inviter"),
        ("count: 5}", "count: 6}", "inviter"),
        ("count: 20", "count: 21", "invitations per member and day"),
        ("chat", "talk", "channels"),
        ("join?", "come?", "link"),
        ("  audience: leads\n", "", "audience"),
        ("{event: Lesson, to: event.properties.who}", "{event: Lesson, to: event.properties.by}", "invites"),
    )
    head = WHOLE.replace("who: {type: string}", "who: {type: string}, by: {type: string}")
    for old, new, pointer in changes:
        [change] = diff_programs(program_of(head), program_of(head.replace(old, new, 1)))
        assert change.pointer == f"/referral/{pointer}", change
    was = program_of(WHOLE)
    [gone] = diff_programs(was, program_of(HEAD))
    assert (gone.kind, gone.pointer.rstrip("/")) == ("removed", "/referral")
