"""Sending an invitation within a turn: the inviter's entry, and the colleague's where one is named.

For whoever has the turn and has loaded both: the API, and an event that says that somebody was invited.
"""

from __future__ import annotations

import secrets
from typing import Any, Final

from engage.actions.turns import Turn
from engage.core.calendar import local_day_hour
from engage.core.call import ID_CHARS_MAX, Call
from engage.core.compiled import CompiledProgram
from engage.core.event import Body, Kind
from engage.core.offers import Offer
from engage.core.referral import INVITE, OFFER, invite_lacks, offer_lack
from engage.core.rewards import Lack
from engage.store.referral import Invitation

CODE_BYTES: Final = 12
"""Of randomness: nobody guesses one."""


def colleague_in(program: CompiledProgram | None, call: Call) -> str:
    """Whom a call says that its member invited; empty when it says nothing of the kind."""
    event = call.kind == Kind.TRACK and call.trusted
    return colleague_named(program, call.name, call.data) if event else ""


def colleague_named(program: CompiledProgram | None, event: str, properties: dict[str, Any]) -> str:
    """Whom a trusted event says that its member invited."""
    policy = program.program.referral if program is not None else None
    if policy is None or not policy.invites or event != policy.invites:
        return ""
    named = properties.get(policy.to)
    return named if isinstance(named, str) and 0 < len(named) <= ID_CHARS_MAX else ""


def send_invitation(
    turn: Turn,
    member: str,
    to: str,
    channel: str,
    actor: str,
    now: int,
    message_id: str = "",
) -> tuple[Invitation | None, list[Lack]]:
    """The invitation, or all that stands in its way; then nothing is appended. The program must have a referral.

    `to` may be empty; so may `channel`, for the first of the program's.
    """
    assert turn.program is not None
    policy, company = turn.program.program.referral, turn.head.state
    assert policy is not None
    inviter, colleague = turn.member(member), turn.member(to) if to else None
    number, by = colleague.number if colleague is not None else 0, channel or policy.channels[0]
    turn.bring_up_to(inviter, now)
    day, _ = local_day_hour(now, company.timezone)
    lacks = invite_lacks(turn.program, company, inviter.state, number, inviter.number, day)
    if colleague is not None and not lacks:
        offer = Offer(turn.head.seq + 1, inviter.number, day, by)
        lack = offer_lack(policy, colleague.state, number, offer, day)
        lacks = [lack] if lack is not None else []
    if lacks:
        return None, lacks
    code = secrets.token_urlsafe(CODE_BYTES)
    said = {"step": INVITE, "channel": by, "code": code, "to": number, "actor": actor}
    sent = turn.append(member, Kind.REFERRAL, now, now, "", Body(message_id, said))
    assert sent.decision.record.status == "sent"
    one = Invitation(
        sent.entry.seq, inviter.number, member, number, to or None, now, sent.entry.day, by, code
    )
    if to:
        offer_invitation(turn, one, to, actor, now)
    return one, []


def offer_invitation(turn: Turn, one: Invitation, member: str, actor: str, now: int) -> str:
    """The invitation in a colleague's own log, once nothing stands in its way; what that makes of it."""
    said = {"step": OFFER, "invitation": one.id, "by": one.member, "day": one.day, "channel": one.channel}
    # The colleague may become active before anybody is looked up again.
    turn.inviters[one.member] = one.member_id
    appended = turn.append(member, Kind.REFERRAL, now, now, "", Body("", said | {"actor": actor}))
    return appended.decision.record.status or "joined"
