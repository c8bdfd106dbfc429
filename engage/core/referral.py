"""Referral: a member invites a colleague, who joins, becomes active, and so brings something to both, once.

    invite -> offer -> (the colleague's first event) joined -> (so many of one event) active -> bring

`invite` is an entry of the inviter's log and `offer` one of the colleague's; joining and becoming active are decided
with the colleague's own events. The event that makes them active brings the colleague their side at once, and an entry
`bring` of the same commit brings the inviter theirs.

Nobody is led back to themselves: who invites has acted before the invitation, and whoever joins by it acts after it for
the first time. So along a chain of invitations those first acts come later and later, and no chain can close.

What both get are rules like others, so limits, budgets, campaigns and reasons hold for them. Must not know codes or
names.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from msgspec import Struct

from engage.core.cascade import concluded
from engage.core.compiled import CompiledProgram
from engage.core.conditions import Facts, blame
from engage.core.course import Course
from engage.core.decisions import Decision, Led, More, Record
from engage.core.event import Entry, Kind
from engage.core.explain import node_text
from engage.core.language import say
from engage.core.limits import Use, reach_of, used, window_start
from engage.core.occasions import ACTIVE, BROUGHT, JOINED, REFERRAL, Occasion
from engage.core.offers import Offer, Referred
from engage.core.program import Program, RewardLimit
from engage.core.program import Referral as Policy
from engage.core.rewards import REFUSED, Lack, audience_lack, limit_lack
from engage.core.state import CompanyState, DayRollup, MemberState, add_to
from engage.core.why import PERIODS

INVITE, OFFER, BRING = "invite", "offer", "bring"
SEEN, UNDERSTOOD, FORWARDED = SHOWN = ("seen", "understood", "forwarded")
"""What somebody does with an invitation: counted, and nothing else."""
FUNNEL: Final = ("sent", *SHOWN, "joined", "active")
"""What is counted by channel, in this order."""
WITHDRAWN: Final = "withdrawn"
"""What becomes of the inviter's side when the event that brought it is undone."""
OFFERS_MAX: Final = 20
"""Invitations that somebody may have at once: the state document is read with every event."""
BEFORE_ALL: Final = 1
"""Stands for a first act that nobody looked for: it was before any invitation."""


# --- inviting -----------------------------------------------------------------------------------------------


def invite_lacks(
    program: CompiledProgram, company: CompanyState, member: MemberState, to: int, own: int, day: int
) -> list[Lack]:
    """What stands in the way of inviting member number `to`, or whoever takes the invitation when that is 0."""
    policy = program.program.referral
    if policy is None:
        return [Lack("referral", say("the program has no referral"))]
    found: list[Lack] = []
    if to == own:
        found.append(Lack("self", say("nobody can invite themselves")))
    if not acted(member):
        words = say("who has not used the product yet cannot invite others to it")
        found.append(Lack("inactive", words))
    if (
        to
        and member.referral is not None
        and member.referral.via is not None
        and member.referral.via.by == to
    ):
        found.append(Lack("cycle", say("this colleague is who invited the member")))
    facts = Facts(
        {}, member.traits, company.traits, program.level_ranks.get(member.level, 0), tags=member.tags
    )
    for name in filter(None, (program.program.audience, policy.audience)):
        whom = program.program.audiences[name].conditions
        if node := blame(whom, facts):
            found.append(audience_lack(name, node_text(whom, node)))
    for limit in policy.limits:
        usage = company.usage if limit.per == "company" else member.usage
        if used(usage, _limit_key(limit), window_start(limit.window, day)) >= limit.count:
            told = say(
                "{period} limit of invitations reached, {count:d} of {count:d}",
                period=PERIODS[limit.window],
                count=limit.count,
            )
            found.append(limit_lack(limit, day, told))
    return found


def _limit_key(limit: RewardLimit) -> str:
    """The counter's name. No rule's id has a colon, and no reward's counter begins so."""
    return f"{REFERRAL}:{INVITE}/{limit.per}/{limit.window}"


def acted(member: MemberState) -> int:
    """The seq of the member's first activity; 0 while there is none."""
    if member.referral is not None:
        return member.referral.acted
    return BEFORE_ALL if member.events else 0


# --- being invited ------------------------------------------------------------------------------------------


def offer_lack(policy: Policy | None, member: MemberState, own: int, offer: Offer, day: int) -> Lack | None:
    """Why a member cannot join by an invitation; None when they can, or did so already."""
    if policy is None:
        return Lack("referral", say("the program has no referral"))
    if offer.by == own:
        return Lack("self", say("nobody can invite themselves"))
    known = member.referral or Referred()
    if known.via is not None and known.via.invitation != offer.invitation:
        return Lack("joined", say("joined by another invitation already"))
    if 0 < acted(member) < offer.invitation:
        return Lack("member", say("used the product before this invitation"))
    if day > offer.day + policy.days:
        last = date.fromordinal(offer.day + policy.days).isoformat()
        return Lack("over", say("the invitation counted until {day_name}", day_name=last), day=last)
    others = [one for one in known.offers if one.invitation != offer.invitation and _open(policy, one, day)]
    if len(others) >= OFFERS_MAX:
        return Lack("crowded", say("has {count:d} invitations already", count=OFFERS_MAX))
    return None


def _open(policy: Policy, offer: Offer, day: int) -> bool:
    return offer.day <= day <= offer.day + policy.days


# --- deciding -----------------------------------------------------------------------------------------------


def decide_referral(
    program: CompiledProgram | None, company: CompanyState, member: MemberState, entry: Entry
) -> Decision:
    """One step of a referral."""
    step = entry.body.data["step"]
    if step in SHOWN:
        return Decision(Record(more=More(status=step)))
    if program is None or program.program.referral is None:
        return REFUSED
    if step == INVITE:
        to = entry.body.data["to"]
        if invite_lacks(program, company, member, to, entry.member, entry.day):
            return REFUSED
        return Decision(
            Record(more=More(status="sent")), uses=tuple(_uses(program.program.referral, entry.day))
        )
    course = Course(program, company, member, entry)
    if step == BRING:
        course.happen(Occasion(REFERRAL, BROUGHT))
        return concluded(course)
    offer = offer_of(entry)
    if offer_lack(program.program.referral, member, entry.member, offer, entry.day) is not None:
        return REFUSED
    if not acted(member) or (member.referral is not None and member.referral.via is not None):
        return Decision(Record(more=More(status="offered")))
    course.led = Led(offer.by, offer.invitation)  # the colleague was quicker than the invitation
    course.happen(Occasion(REFERRAL, JOINED))
    return concluded(course)


def _uses(policy: Policy, day: int) -> Iterator[Use]:
    for limit in policy.limits:
        start = window_start(limit.window, day)
        yield Use(limit.per == "company", _limit_key(limit), start, 1, reach_of(limit.window))


def offer_of(entry: Entry) -> Offer:
    """The invitation that an OFFER speaks of."""
    said = entry.body.data
    return Offer(said["invitation"], said["by"], said["day"], said["channel"])


def bring(member: MemberState, by: Entry) -> dict[str, Any]:
    """What the inviter's log is told of a colleague whom entry `by` made active."""
    known = member.referral
    assert known is not None
    assert known.via is not None
    return {
        "step": BRING,
        "colleague": by.member,
        "active": by.seq,
        "invitation": known.via.invitation,
        "channel": known.via.channel,
    }


def may_bring(known: Referred) -> set[int]:
    """The numbers of those whom the member may bring something by the next entries."""
    if known.active:
        return set()
    return {known.via.by} if known.via is not None else {offer.by for offer in known.offers}


def concerns(program: CompiledProgram, member: MemberState, entry: Entry) -> bool:
    """Whether an event may be the one by which the member joins, or count toward being active."""
    policy, known = program.program.referral, member.referral
    if policy is None or known is None or known.active:
        return False
    return bool(known.offers) if known.via is None else entry.name == policy.event


def refer(course: Course) -> None:
    """What an event does for the member's referral: the first one joins by the invitation that was sent first of those
    that still count, and the last that is needed makes active."""
    policy, known = course.program.program.referral, course.member.referral
    assert policy is not None
    assert known is not None
    via, since, joined = known.via, known.joined_on, 0
    if via is None:
        via = next((offer for offer in known.offers if _open(policy, offer, course.day)), None)
        if via is None:
            return
        since, joined = course.day, via.invitation
        course.happen(Occasion(REFERRAL, JOINED))
    counted = _counts(course, policy, since)
    active = counted and known.count + 1 >= policy.count
    if joined or counted:
        course.led = Led(via.by, joined, counted, active)
    if active:
        course.happen(Occasion(REFERRAL, ACTIVE))


def _counts(course: Course, policy: Policy, since: int) -> bool:
    if course.entry.name != policy.event or course.day < since:
        return False
    if policy.within and course.day > since + policy.within:
        return False
    return policy.conditions is None or not blame(policy.conditions, course.facts())


def led_back(member: MemberState, seq: int, made: Led | None) -> Led | None:
    """What undoing entry `seq` takes back of what it did. Having joined stands while anything else rests on it."""
    known = member.referral
    if made is None or known is None:
        return None
    active = made.active and known.active == seq
    counted = made.counted and known.count > 0
    rests = known.count - counted or (known.active and not active)
    invitation = made.invitation if known.joined_by == seq and not rests else 0
    return Led(made.by, invitation, counted, active) if active or counted or invitation else None


# --- folding ------------------------------------------------------------------------------------------------


def note_first(program: CompiledProgram | None, member: MemberState, seq: int) -> None:
    """Remember a member's first activity, where invitations matter."""
    if member.referral is not None:
        member.referral.acted = member.referral.acted or seq
    elif program is not None and program.program.referral is not None:
        member.referral = Referred(seq)


def fold_referral(member: MemberState, rollup: DayRollup, entry: Entry, decision: Decision) -> None:
    """What a step leaves: counts, and an invitation to join by."""
    said, status = entry.body.data, decision.record.status
    if status in FUNNEL:
        add_to(rollup.referral, f"{said['channel']}/{status}", 1)
    if status == "sent":
        _known(member).sent += 1
    elif status == "offered":
        known, offer = _known(member), offer_of(entry)
        kept = [one for one in known.offers if one.invitation != offer.invitation]
        known.offers = tuple(sorted([*kept, offer], key=lambda one: one.invitation)[-OFFERS_MAX:])
    elif said["step"] == BRING and status != REFUSED.record.status:
        _known(member).brought += 1


def fold_withdrawal(member: MemberState) -> None:
    """The event that made a colleague active was undone."""
    _known(member).brought -= 1


def _known(member: MemberState) -> Referred:
    if member.referral is None:
        member.referral = Referred(acted(member))
    return member.referral


def fold_led(member: MemberState, rollup: DayRollup, entry: Entry, led: Led) -> None:
    """What an entry did for the member's referral, or what its reversal takes back."""
    known, back = _known(member), entry.kind == Kind.REVERSAL
    if led.invitation and not back:
        known.via = offer_of(entry) if entry.kind == Kind.REFERRAL else _offered(known, led.invitation)
        known.joined_by, known.joined_on = entry.seq, entry.day
    assert known.via is not None
    for stage, reached in (("joined", led.invitation), ("active", led.active)):
        if reached:
            add_to(rollup.referral, f"{known.via.channel}/{stage}", -1 if back else 1)
    known.count += (-1 if back else 1) * led.counted
    if led.active:
        known.active = 0 if back else entry.seq
    if led.invitation and back:
        known.via, known.joined_by, known.joined_on, known.count = None, 0, 0, 0


def _offered(known: Referred, invitation: int) -> Offer:
    return next(offer for offer in known.offers if offer.invitation == invitation)


# --- for who looks ------------------------------------------------------------------------------------------


class Invited(Struct, frozen=True):
    """How a member who was invited stands."""

    by: int
    stage: str
    """joined or active"""
    done: int
    needed: int


def invited(program: Program, member: MemberState) -> Invited | None:
    """None of somebody who did not join by an invitation."""
    known, policy = member.referral, program.referral
    if known is None or known.via is None:
        return None
    needed = policy.count if policy is not None else 0
    return Invited(known.via.by, "active" if known.active else "joined", min(known.count, needed), needed)
