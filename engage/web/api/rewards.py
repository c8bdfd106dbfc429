"""Rewards: the catalogue and what a member lacks, redemptions and their steps, codes. For server keys alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final
from uuid import uuid4

import msgspec
from msgspec import UNSET, UnsetType

from engage.actions.give import give
from engage.actions.redeem import request, take_step, upload_codes
from engage.actions.today import bring_to_now
from engage.actions.turns import program_version
from engage.core.calendar import local_day_hour, to_rfc3339
from engage.core.language import say
from engage.core.program import Program, Reward
from engage.core.rewards import ALLOWED, Lack, is_refundable, lacks, needs_approval, stock_left
from engage.core.state import CompanyState
from engage.errors import NotFound
from engage.store.companies import current_programs, find_company
from engage.store.members import load_company_state, load_member
from engage.store.rewards import (
    StoredRedemption,
    codes_left,
    codes_promised,
    list_redemptions,
    load_redemption,
)
from engage.store.statements import Statements
from engage.web import reward_shapes as shapes
from engage.web.api.members import actor_of
from engage.web.endpoint import SERVER, Asked, Endpoint, endpoint
from engage.web.paging import Number, cut, decode_cursor

_NEWEST: Final = 2**63 - 1


async def _state(s: Statements, company_id: int) -> CompanyState:
    found = await load_company_state(s, company_id)
    return found[0] if found else CompanyState()


# --- the catalogue ------------------------------------------------------------------------------------------


@endpoint(
    "GET",
    "/v1/companies/{company}/rewards",
    kinds=SERVER,
    summary="What points buy in a company",
    tag="rewards",
    description="With `member`, each reward says what that member lacks for it.",
)
async def list_rewards(asked: Asked[None, shapes.ForMember]) -> shapes.Rewards:
    async with asked.services.database.read() as s:
        id = await find_company(s, asked.path["company"])
        version = (await current_programs(s, [id]))[id]
        program = await program_version(version)
        company = await _state(s, id)
        name = asked.query.member
        now = asked.services.now()
        found = await load_member(s, id, name) if name is not None else None
        if name is not None and found is not None:
            await bring_to_now(s, id, found[0], name, found[1], version, company, now)
        left, promised = await codes_left(s, id), await codes_promised(s, id)
    if name is not None and found is None:
        raise NotFound(f"there is no member {name[:255]!r} in this company")
    if program is None:
        return shapes.Rewards([])
    day, _ = local_day_hour(now, company.timezone)
    shown = []
    for reward in program.program.rewards:
        lacking: list[Lack] | UnsetType = UNSET
        if found is not None:
            lacking = lacks(program, company, found[1], reward, day)
            if reward.codes and left.get(reward.id, 0) <= promised.get(reward.id, 0):
                lacking.append(Lack("codes", say("no codes left")))
        shown.append(_reward(program.program, company, reward, left.get(reward.id, 0), lacking))
    return shapes.Rewards(shown)


def _reward(
    program: Program, company: CompanyState, reward: Reward, codes: int, lacking: list[Lack] | UnsetType
) -> shapes.Reward:
    stock = stock_left(company, reward)
    return shapes.Reward(
        id=reward.id,
        name=reward.name,
        cost=shapes.Cost(reward.currency, reward.cost),
        needs_approval=needs_approval(program, reward),
        description=reward.description or UNSET,
        level=reward.level or UNSET,
        from_=_day(reward.first_day),
        until=_day(reward.last_day),
        limits=[shapes.RewardLimit(one.per, one.window, one.count) for one in reward.limits] or UNSET,
        stock=UNSET if reward.stock is None else reward.stock,
        stock_left=UNSET if stock is None else stock,
        codes_left=codes if reward.codes else UNSET,
        lacks=lacking
        if lacking is UNSET
        else msgspec.convert(msgspec.to_builtins(lacking), list[shapes.Lack]),
    )


def _day(ordinal: int) -> str | UnsetType:
    return date.fromordinal(ordinal).isoformat() if ordinal else UNSET


@endpoint(
    "POST",
    "/v1/companies/{company}/rewards/{reward}/codes",
    kinds=SERVER,
    summary="Upload codes for a reward to hand out",
    tag="rewards",
    description="Each is handed out once. One that is known already is not added again, so an upload can be repeated.",
)
async def add_codes(asked: Asked[shapes.NewCodes, None]) -> shapes.Codes:
    done = await upload_codes(
        asked.services.database,
        company=asked.path["company"],
        reward=asked.path["reward"],
        codes=asked.body.codes,
        actor=actor_of(asked, asked.body.actor),
        now=asked.services.now(),
    )
    return shapes.Codes(done.added, done.known, done.left)


# --- redemptions --------------------------------------------------------------------------------------------


def _allowed(one: StoredRedemption, company: CompanyState, now: int) -> Sequence[str]:
    if one.status == "fulfilled":
        fulfilled, today = (local_day_hour(at, company.timezone)[0] for at in (one.changed_at, now))
        return ALLOWED[one.status] if is_refundable(fulfilled, today) else ()
    return ALLOWED[one.status]


def _redemption(one: StoredRedemption, allowed: Sequence[str]) -> shapes.Redemption:
    return msgspec.convert(
        {
            "id": str(one.id),
            "member": one.member_id,
            "reward": one.reward,
            "status": one.status,
            "cost": {"currency": one.currency, "amount": one.amount},
            "requested_at": to_rfc3339(one.requested_at),
            "changed_at": to_rfc3339(one.changed_at),
            "allowed": list(allowed),
            "steps": [
                {
                    "step": step.step,
                    "at": to_rfc3339(step.at),
                    "actor": step.actor,
                    "reason": step.reason,
                    "expired": step.expired,
                }
                for step in one.steps
            ],
            **({"code": one.code} if one.code is not None else {}),
        },
        shapes.Redemption,
    )


async def _page(asked: Asked[None, shapes.InStatus], member: str | None) -> shapes.Redemptions:
    before = decode_cursor(asked.query.cursor, Number) or _NEWEST
    async with asked.services.database.read() as s:
        id = await find_company(s, asked.path["company"])
        number = 0
        if member is not None:
            found = await load_member(s, id, member)
            if found is None:
                raise NotFound(f"there is no member {member[:255]!r} in this company")
            number = found[0]
        rows = await list_redemptions(
            s,
            id,
            before=before,
            limit=asked.query.limit + 1,
            member=number,
            status=asked.query.status or "",
        )
        company = await _state(s, id)
    page, cursor = cut(rows, asked.query.limit, lambda one: one.id)
    now = asked.services.now()
    return shapes.Redemptions([_redemption(one, _allowed(one, company, now)) for one in page], cursor)


@endpoint(
    "GET",
    "/v1/companies/{company}/redemptions",
    kinds=SERVER,
    summary="A company's redemptions, newest first",
    tag="rewards",
    description="Those with status `held` wait for an approval, those with status `approved` for their fulfilment.",
)
async def list_company_redemptions(asked: Asked[None, shapes.InStatus]) -> shapes.Redemptions:
    return await _page(asked, None)


@endpoint(
    "GET",
    "/v1/companies/{company}/members/{member}/redemptions",
    kinds=SERVER,
    summary="A member's redemptions, newest first",
    tag="rewards",
)
async def list_member_redemptions(asked: Asked[None, shapes.InStatus]) -> shapes.Redemptions:
    return await _page(asked, asked.path["member"])


@endpoint(
    "POST",
    "/v1/companies/{company}/members/{member}/redemptions",
    kinds=SERVER,
    summary="Ask for a reward: holds its cost",
    tag="rewards",
    status=201,
    errors=(409,),
    description="409 `lacking` lists all that the member lacks. What needs no approval is approved at once.",
    idempotent_by_key=True,
)
async def create_redemption(asked: Asked[shapes.NewRedemption, None]) -> shapes.Redemption:
    done = await request(
        asked.services.database,
        company=asked.path["company"],
        member=asked.path["member"],
        reward=asked.body.reward,
        reason=asked.body.reason or "",
        actor=actor_of(asked, asked.body.actor),
        idempotency_key=asked.idempotency_key or uuid4().hex,
        now=asked.services.now(),
    )
    return _redemption(done.redemption, done.allowed)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise NotFound(f"there is no redemption {text[:255]!r}")
    return int(text)


@endpoint(
    "GET",
    "/v1/companies/{company}/redemptions/{redemption}",
    kinds=SERVER,
    summary="Read one redemption with its steps",
    tag="rewards",
)
async def get_redemption(asked: Asked[None, None]) -> shapes.Redemption:
    number = _number(asked.path["redemption"])
    async with asked.services.database.read() as s:
        id = await find_company(s, asked.path["company"])
        found = await load_redemption(s, id, number)
        company = await _state(s, id)
    if found is None:
        raise NotFound(f"there is no redemption {number} in this company")
    return _redemption(found, _allowed(found, company, asked.services.now()))


def _step(step: str, summary: str, description: str) -> Endpoint:
    async def take(asked: Asked[shapes.NewStep, None]) -> shapes.Redemption:
        done = await take_step(
            asked.services.database,
            company=asked.path["company"],
            redemption=_number(asked.path["redemption"]),
            step=step,
            reason=asked.body.reason,
            actor=actor_of(asked, asked.body.actor),
            idempotency_key=asked.idempotency_key or uuid4().hex,
            now=asked.services.now(),
        )
        return _redemption(done.redemption, done.allowed)

    take.__name__ = f"{step}_redemption"
    return endpoint(
        "POST",
        f"/v1/companies/{{company}}/redemptions/{{redemption}}/{step}",
        kinds=SERVER,
        summary=summary,
        tag="rewards",
        errors=(409,),
        description=f"{description} 409 `wrong_step` names the status and what is allowed.",
        idempotent_by_key=True,
    )(take)


approve_redemption = _step(
    "approve", "Approve a redemption", "With codes, it is fulfilled at once if there is one."
)
fulfil_redemption = _step("fulfil", "Fulfil a redemption: spends what is held", "With codes, hands one out.")
cancel_redemption = _step(
    "cancel",
    "Cancel a redemption, or refund one that is fulfilled",
    "Units return to the lots they came from, with the expiry they had.",
)

# --- gifts --------------------------------------------------------------------------------------------------


@endpoint(
    "POST",
    "/v1/companies/{company}/members/{member}/gifts",
    kinds=SERVER,
    summary="Give to a colleague, from the member's allowance",
    tag="rewards",
    status=201,
    errors=(409,),
    description="409 `lacking` says what is left of the allowance.",
    idempotent_by_key=True,
)
async def create_gift(asked: Asked[shapes.NewGift, None]) -> shapes.Gift:
    given = asked.body
    done = await give(
        asked.services.database,
        company=asked.path["company"],
        member=asked.path["member"],
        to=given.to,
        currency=given.currency,
        amount=given.amount,
        message=given.message,
        actor=actor_of(asked, given.actor),
        idempotency_key=asked.idempotency_key or uuid4().hex,
        now=asked.services.now(),
    )
    return shapes.Gift(
        id=str(done.seq),
        at=to_rfc3339(done.at),
        giver=asked.path["member"],
        to=given.to,
        currency=given.currency,
        amount=given.amount,
        message=given.message,
        left=done.left,
    )


ENDPOINTS: Final = [
    list_rewards,
    add_codes,
    list_company_redemptions,
    list_member_redemptions,
    create_redemption,
    get_redemption,
    approve_redemption,
    fulfil_redemption,
    cancel_redemption,
    create_gift,
]
