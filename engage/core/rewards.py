"""Rewards: what a member lacks for one, and a redemption step by step, from the request to the end.

    request -> held -> approve -> approved -> fulfil -> fulfilled
                 \\-> cancel      \\-> cancel             \\-> cancel, which is then a refund

A request holds the points, those that expire soonest, and counts in the stock and the limits; one that needs no
approval is approved at once. To fulfil spends what is held. To cancel undoes the request: units return to the lots they
came from with the expiry they had, stock and limits are released, and the member stands as if nothing had been asked
for. So units whose day has come meanwhile return and expire in the same breath.

Must not know codes, who may approve what, or storage: `engage.actions.redeem` does.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from msgspec import UNSET, Struct, UnsetType

from engage.core.compiled import CompiledProgram
from engage.core.conditions import Facts, blame
from engage.core.decisions import Decision, More, Record
from engage.core.event import Entry
from engage.core.explain import node_text
from engage.core.language import say
from engage.core.ledger import (
    ACTIVE,
    EXPIRED,
    HELD,
    SPENT,
    Transfer,
    account,
    credit,
    debit,
    is_over,
    note_expired,
)
from engage.core.lifecycle import stage_on, today_of
from engage.core.limits import Use, reach_of, used, window_end, window_start
from engage.core.outlook import points_now
from engage.core.program import Program, Reward, RewardLimit
from engage.core.state import CompanyState, MemberState, Redemption, Wallet
from engage.core.why import PERIODS, count_text

REQUEST, APPROVE, FULFIL, CANCEL = STEPS = ("request", "approve", "fulfil", "cancel")
STATUSES = ("held", "approved", "fulfilled", "cancelled")
ALLOWED: Final = {
    "held": (APPROVE, CANCEL),
    "approved": (FULFIL, CANCEL),
    "fulfilled": (CANCEL,),
    "cancelled": (),
}
"""What can be done with a redemption, by its status."""
REFUSED: Final = Decision(Record(more=More(status="refused")))
"""A step that is not possible. Nobody appends one: who asks is told, and nothing is kept."""
REFUND_DAYS: Final = 100
"""How long a fulfilled redemption can be cancelled. The state keeps it until then."""


class Lack(Struct, frozen=True, omit_defaults=True):
    """One thing a member lacks for a reward: a code for programs, words for people, and the figures in the words."""

    code: str
    text: str
    missing: int | UnsetType = UNSET
    """Units of `currency`: of the balance, or of what must be earned for the level."""
    currency: str | UnsetType = UNSET
    level: str | UnsetType = UNSET
    day: str | UnsetType = UNSET
    """When it will be there, or there again, or was there last."""


def lacks(
    program: CompiledProgram, company: CompanyState, member: MemberState, reward: Reward, day: int
) -> list[Lack]:
    """Everything that stands between a member and a reward on a local day, nothing when it can be had."""
    found: list[Lack] = []
    if day < reward.first_day:
        starts = date.fromordinal(reward.first_day).isoformat()
        found.append(Lack("not_yet", say("available from {day_name}", day_name=starts), day=starts))
    if reward.last_day and day > reward.last_day:
        ended = date.fromordinal(reward.last_day).isoformat()
        found.append(Lack("over", say("was available until {day_name}", day_name=ended), day=ended))
    rank = program.level_ranks.get(member.level, 0)
    if reward.level and rank < program.level_ranks[reward.level]:
        found.append(_level_lack(program, member, reward.level, day))
    stage = stage_on(program.program.lifecycle, member, today_of(member, day)) if program.reads_stage else ""
    facts = Facts({}, member.traits, company.traits, rank, tags=member.tags, stage=stage)
    if reward.audience:
        whom = program.program.audiences[reward.audience].conditions
        if node := blame(whom, facts):
            found.append(audience_lack(reward.audience, node_text(whom, node)))
    if reward.conditions is not None and (node := blame(reward.conditions, facts)):
        clause = node_text(reward.conditions, node)
        found.append(Lack("audience", say("not for this member: {clause}", clause=clause)))
    wallet = member.wallets.get(reward.currency)
    missing = reward.cost - (wallet.active if wallet else 0)
    if missing > 0:
        words = say("{missing:d} {currency_name} short", missing=missing, currency_name=reward.currency)
        found.append(Lack("balance", words, missing=missing, currency=reward.currency))
    found += [
        limit_lack(limit, day, count_text(PERIODS[limit.window], limit.count))
        for limit in reward.limits
        if _left(limit, reward, company, member, day) < 1
    ]
    if stock_left(company, reward) == 0:
        found.append(Lack("stock", say("out of stock")))
    return found


def audience_lack(audience: str, clause: str) -> Lack:
    """Who is not in an audience, for that clause of it."""
    told = say("not in audience {audience_name}: {clause}", audience_name=audience, clause=clause)
    return Lack("audience", told)


def limit_lack(limit: RewardLimit, day: int, told: str) -> Lack:
    """A limit that is used up on a local day, with what is told of it."""
    if limit.per == "company":
        told = say("company's {limit}", limit=told)
    end = window_end(limit.window, day)
    again = date.fromordinal(end).isoformat() if end else UNSET
    return Lack("limit", again_from(told, end), day=again)


def again_from(told: str, end: int) -> str:
    """With the day on which a window ends, if it does."""
    if not end:
        return told
    return say("{limit}; again from {day_name}", limit=told, day_name=date.fromordinal(end).isoformat())


def _level_lack(program: CompiledProgram, member: MemberState, needed: str, day: int) -> Lack:
    levels = program.program.levels
    assert levels is not None
    step = next(step for step in levels.steps if step.id == needed)
    currency = levels.currency
    missing = step.threshold - points_now(program, member, day)
    if missing <= 0:
        return Lack("level", say("level {level_name} needed", level_name=step.name), level=needed)
    words = say(
        "level {level_name} needed: {missing:d} earned {currency_name} to go",
        level_name=step.name,
        missing=missing,
        currency_name=currency,
    )
    return Lack("level", words, missing=missing, currency=currency, level=needed)


def _left(limit: RewardLimit, reward: Reward, company: CompanyState, member: MemberState, day: int) -> int:
    usage = company.usage if limit.per == "company" else member.usage
    return limit.count - used(usage, limit.key(reward.id), window_start(limit.window, day))


def stock_key(reward: str) -> str:
    return f"reward:{reward}/stock"


def stock_left(company: CompanyState, reward: Reward) -> int | None:
    """How many are left; None when there is no end of them."""
    if reward.stock is None:
        return None
    return max(0, reward.stock - used(company.usage, stock_key(reward.id), 0))


def needs_approval(program: Program, reward: Reward) -> bool:
    if reward.approval == "by_cost":
        return reward.cost > program.redemptions_approved_to
    return reward.approval == "required"


def is_refundable(fulfilled: int, day: int) -> bool:
    """Whether what was fulfilled on a local day can be cancelled on another."""
    return day - fulfilled <= REFUND_DAYS


# --- deciding -----------------------------------------------------------------------------------------------


def decide_redemption(
    program: CompiledProgram | None, company: CompanyState, member: MemberState, entry: Entry
) -> Decision:
    """What one step does. The steps after the request follow what was asked for, whatever the program says now."""
    said = entry.body.data
    if said["step"] == REQUEST:
        return _decide_request(program, company, member, entry)
    redemption = member.redemptions.get(said["redemption"])
    if redemption is None or said["step"] not in ALLOWED[redemption.status]:
        return REFUSED
    if said["step"] == APPROVE:
        return Decision(Record(more=More(status="approved")))
    own = entry.member
    if said["step"] == FULFIL:
        spent = Transfer(redemption.currency, account(own, HELD), account(0, SPENT), redemption.amount)
        return Decision(Record(more=More(status="fulfilled")), (spent,))
    if redemption.status == "fulfilled" and not is_refundable(redemption.fulfilled, entry.day):
        return REFUSED
    uses = tuple(Use(company, key, start, -1, reach_of("year")) for company, key, start in redemption.counted)
    return Decision(
        Record(more=More(status="cancelled")), tuple(_returned(redemption, own, entry.day)), uses=uses
    )


def _decide_request(
    program: CompiledProgram | None, company: CompanyState, member: MemberState, entry: Entry
) -> Decision:
    reward = program.rewards.get(entry.body.data["reward"]) if program else None
    if program is None or reward is None:
        return REFUSED
    if lacks(program, company, member, reward, entry.day):
        return REFUSED
    uses = [Use(True, stock_key(reward.id), 0, 1)]
    for limit in reward.limits:
        start = window_start(limit.window, entry.day)
        uses.append(Use(limit.per == "company", limit.key(reward.id), start, 1, reach_of(limit.window)))
    own = entry.member
    held = Transfer(reward.currency, account(own, ACTIVE), account(own, HELD), reward.cost)
    status = "held" if needs_approval(program.program, reward) else "approved"
    return Decision(Record(more=More(status=status)), (held,), uses=tuple(uses))


def _returned(redemption: Redemption, member: int, day: int) -> Iterator[Transfer]:
    spendable = account(member, ACTIVE)
    source = account(0, SPENT) if redemption.status == "fulfilled" else account(member, HELD)
    yield Transfer(redemption.currency, source, spendable, redemption.amount)
    over = sum(units for expires, units in redemption.lots if is_over(expires, day))
    if over:
        yield Transfer(redemption.currency, spendable, account(0, EXPIRED), over)


# --- folding ------------------------------------------------------------------------------------------------


def fold_redemption(
    program: CompiledProgram | None,
    member: MemberState,
    entry: Entry,
    decision: Decision,
) -> None:
    """Change the wallet and what is known of the redemption. Counters are folded as those of any decision."""
    said: dict[str, Any] = entry.body.data
    status = decision.record.status
    if status == REFUSED.record.status:
        return
    if said["step"] == REQUEST:
        assert program is not None
        _hold(program, member, entry, decision)
        return
    redemption = member.redemptions[said["redemption"]]
    wallet = member.wallets[redemption.currency]
    if status == "fulfilled":
        wallet.held -= redemption.amount
        wallet.spent += redemption.amount
        redemption.fulfilled = entry.day
    elif status == "cancelled":
        _give_back(wallet, redemption, entry.day)
        del member.redemptions[said["redemption"]]
    redemption.status = status


def _hold(program: CompiledProgram, member: MemberState, entry: Entry, decision: Decision) -> None:
    (held,) = decision.transfers
    wallet = member.wallets[held.currency]
    lots = debit(wallet, held.amount)
    wallet.held += held.amount
    for seq in [
        n
        for n, one in member.redemptions.items()
        if one.fulfilled and not is_refundable(one.fulfilled, entry.day)
    ]:
        del member.redemptions[seq]
    member.redemptions[entry.seq] = Redemption(
        reward=entry.body.data["reward"],
        currency=held.currency,
        amount=held.amount,
        day=entry.day,
        status=decision.record.status,
        lots=lots,
        counted=[(use.company, use.key, use.start) for use in decision.uses],
        codes=program.rewards[entry.body.data["reward"]].codes,
    )


def _give_back(wallet: Wallet, redemption: Redemption, day: int) -> None:
    if redemption.fulfilled:
        wallet.spent -= redemption.amount
    else:
        wallet.held -= redemption.amount
    for expires, units in redemption.lots:
        if is_over(expires, day):
            note_expired(wallet, [(expires, units)])
        else:
            credit(wallet, units, expires)
