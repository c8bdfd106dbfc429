"""Following an invitation in a dry run: what comes of it when the colleague joins and becomes active.

Owns what is taken for granted of a future nobody knows: the colleague does at once, and as often as needed, what makes
active, in a way that meets the referral's own conditions. All of it is decided as if it happened, in a turn that is
never saved.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec
from msgspec import Struct

from engage.actions.inviting import send_invitation
from engage.actions.turns import Appended, Turn
from engage.core.compiled import CompiledProgram
from engage.core.event import Body, Kind
from engage.core.program import Referral
from engage.core.rewards import Lack

EVENTS_MAX: Final = 100
"""Played at most; who needs more to be active is active then."""
NOTHING_SAID: Final = Body("", {})


class Stride(Struct, frozen=True):
    """One step on the way: whose entry it is, and what is decided of it."""

    stage: Literal["joined", "active", "brought"]
    """brought: the inviter's side."""
    member: str
    appended: Appended


class Followed(Struct, frozen=True):
    """An event's invitation, followed to its end."""

    colleague: str
    lacks: list[Lack]
    """What stands in the way of inviting; then nothing follows."""
    event: str
    times: int
    """What makes the colleague active, and how often it takes that."""
    steps: list[Stride]


def follow(turn: Turn, member: str, colleague: str, now: int) -> Followed:
    """What comes of `member` inviting `colleague`. Both must be loaded; the turn is of no other use after."""
    program = turn.program
    assert program is not None
    policy = program.program.referral
    assert policy is not None
    _, lacks = send_invitation(turn, member, colleague, "", "dry-run", now)
    steps: list[Stride] = []
    if not lacks:
        turn.program = _without_doubt(program, policy)
        for _ in range(min(policy.count, EVENTS_MAX)):
            steps += _act(turn, member, colleague, policy.event, now)
    return Followed(colleague, lacks, policy.event, policy.count, steps)


def _without_doubt(program: CompiledProgram, policy: Referral) -> CompiledProgram:
    """The program, with any such event counting toward being active."""
    certain = msgspec.structs.replace(policy, conditions=None, count=min(policy.count, EVENTS_MAX))
    return msgspec.structs.replace(
        program, program=msgspec.structs.replace(program.program, referral=certain)
    )


def _act(turn: Turn, member: str, colleague: str, event: str, now: int) -> list[Stride]:
    """Once what makes active, as far as it is a step on the way."""
    appended = turn.append(colleague, Kind.TRACK, now, now, event, NOTHING_SAID)
    led = appended.decision.record.led
    if led is None or not (led.invitation or led.active):
        return []
    steps = [Stride("active" if led.active else "joined", colleague, appended)]
    if appended.brought is not None:
        steps.append(Stride("brought", member, appended.brought))
    return steps
