"""Notices: what of a decision the host may want to be told by itself, such as a level reached.

Owns their types and what each says. How they are kept and delivered is for `engage.store.outbox` and
`engage.actions.deliver`. Types are names that receivers rely on: one is never renamed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from engage.core.compiled import CompiledProgram
from engage.core.conditions import typed
from engage.core.decisions import Decision, alert_details, calls
from engage.core.event import Entry, Kind

LEVEL_CHANGED: Final = "member.level.changed"
BADGE_GRANTED: Final = "member.badge.granted"
BADGE_REVOKED: Final = "member.badge.revoked"
BUDGET_REACHED: Final = "company.budget.reached"
RULE_FIRED: Final = "rule.fired"
HEALTH_CHANGED: Final = "account.health.changed"
STAGE_CHANGED: Final = "account.stage.changed"
TYPES: Final = {
    LEVEL_CHANGED: "A member reached another level, or lost one. Several steps at once are one change.",
    BADGE_GRANTED: "A member was granted a badge.",
    BADGE_REVOKED: "A badge was taken back with the event that had granted it.",
    BUDGET_REACHED: "A company's budget reached so much of itself, in per cent, for the first time in its window.",
    RULE_FIRED: "A rule fired that calls a webhook.",
    HEALTH_CHANGED: "A company's health score or band changed.",
    STAGE_CHANGED: "A company came to another stage of its life, such as at risk.",
}
ACCOUNT_TYPES: Final = frozenset({HEALTH_CHANGED, STAGE_CHANGED})
"""For customer success: told of scores, by no entry of the company's log."""


class Notice(NamedTuple):
    type: str
    data: dict[str, Any]
    """What it says, but for whom it concerns."""
    member: bool = True
    """Whether it concerns the member, or the company alone."""


def notices(entry: Entry, decision: Decision, program: CompiledProgram | None) -> list[Notice]:
    """What to tell of a decision by `program`, in order."""
    record, calling = decision.record, program is not None and program.calls
    moved = record.level_before != record.level_after
    alerts = record.more.alerts if record.more is not None else ()
    if not (moved or record.badges or alerts or calling):
        return []
    told: list[Notice] = []
    cause = {"event": entry.name} if entry.name else {}
    if moved:
        change = {"level": record.level_after or None, "before": record.level_before or None}
        told.append(Notice(LEVEL_CHANGED, change | cause))
    if record.badges:
        badges = BADGE_REVOKED if entry.kind == Kind.REVERSAL else BADGE_GRANTED
        told += [Notice(badges, {"badge": badge} | cause) for badge in record.badges]
    told += [Notice(BUDGET_REACHED, alert_details(alert), member=False) for alert in alerts]
    if program is not None and calling:
        told += _rules_fired(entry, decision, program)
    return told


def _rules_fired(entry: Entry, decision: Decision, program: CompiledProgram) -> Iterator[Notice]:
    """One for each webhook of each rule that fired. A property of the wrong type is missing, as for conditions."""
    cause = {"event": entry.name, "messageId": entry.body.message_id} if entry.name else {}
    event = program.program.events.get(entry.name)
    record = decision.record
    for rule, call in calls(record, program.rules_considered(entry.name, record.occasions)):
        said: dict[str, Any] = {"rule": rule.id, "webhook": call.webhook} | cause
        if call.properties:
            declared = event.properties if event is not None else {}
            data = entry.body.data
            said["properties"] = {
                name: typed(data.get(name), declared[name].type) if name in declared else None
                for name in call.properties
            }
        yield Notice(RULE_FIRED, said)
