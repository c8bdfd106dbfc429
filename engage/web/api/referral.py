"""Referral: members' invitations, and what people do with them on the way."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Final, cast
from uuid import uuid4

from msgspec import UNSET

from engage.actions.refer import invite, note_shown, take_up
from engage.actions.turns import program_version
from engage.core.calendar import local_day_hour, to_rfc3339
from engage.core.program import Referral
from engage.core.referral import FUNNEL
from engage.core.state import DayRollup
from engage.days import read_day
from engage.errors import InvalidRequest
from engage.store.companies import current_programs, find_company
from engage.store.log import load_days
from engage.store.members import load_company_state
from engage.store.referral import Colleague, Invitation, list_invitations, load_colleagues
from engage.web import referral_shapes as shapes
from engage.web.api.members import actor_of, find_member
from engage.web.endpoint import INGESTION, SERVER, Asked, endpoint
from engage.web.paging import Number, Paging, cut, decode_cursor

_NEWEST: Final = 2**63 - 1
DAYS_DEFAULT: Final = 90
DAYS_MAX: Final = 3660


# --- invitations --------------------------------------------------------------------------------------------


def _invitation(
    one: Invitation, policy: Referral | None, colleagues: Collection[Colleague]
) -> shapes.Invitation:
    until = date.fromordinal(one.day + policy.days).isoformat() if policy is not None else None
    link = policy.link.replace("{code}", one.code) if policy is not None and policy.link else UNSET
    return shapes.Invitation(
        id=str(one.id),
        code=one.code,
        channel=one.channel,
        sent_at=to_rfc3339(one.sent_at),
        until=until,
        colleagues=[
            shapes.Colleague(
                found.member_id,
                "active" if found.active else "joined",
                to_rfc3339(found.changed_at),
                [shapes.Brought(currency, units) for currency, units in found.brought],
            )
            for found in colleagues
        ],
        to=one.to_id or UNSET,
        link=link,
    )


async def _policy(version: int) -> Referral | None:
    program = await program_version(version)
    return program.program.referral if program is not None else None


@endpoint(
    "POST",
    "/v1/companies/{company}/members/{member}/invitations",
    kinds=SERVER,
    summary="Invite a colleague, in a member's name",
    tag="referral",
    status=201,
    errors=(409,),
    description="With `to` it is for that colleague; without, for whoever takes it up by its `code`. "
    "409 `lacking` says what stands in the way.",
    idempotent_by_key=True,
)
async def create_invitation(asked: Asked[shapes.NewInvitation, None]) -> shapes.Invitation:
    one = await invite(
        asked.services.database,
        company=asked.path["company"],
        member=asked.path["member"],
        to=asked.body.to,
        channel=asked.body.channel,
        actor=actor_of(asked, asked.body.actor),
        idempotency_key=asked.idempotency_key or uuid4().hex,
        now=asked.services.now(),
    )
    async with asked.services.database.read() as s:
        id = await find_company(s, asked.path["company"])
        policy = await _policy((await current_programs(s, [id]))[id])
        colleagues = await load_colleagues(s, id, [one.id])
    return _invitation(one, policy, colleagues.get(one.id, ()))


@endpoint(
    "GET",
    "/v1/companies/{company}/members/{member}/invitations",
    kinds=SERVER,
    summary="A member's invitations and what they brought, newest first",
    tag="referral",
)
async def list_member_invitations(asked: Asked[None, Paging]) -> shapes.Invitations:
    before = decode_cursor(asked.query.cursor, Number) or _NEWEST
    async with asked.services.database.read() as s:
        id, number, _, version, _ = await find_member(s, asked)
        rows = await list_invitations(s, id, member=number, before=before, limit=asked.query.limit + 1)
        page, cursor = cut(rows, asked.query.limit, lambda one: one.id)
        colleagues = await load_colleagues(s, id, [one.id for one in page])
        policy = await _policy(version)
    return shapes.Invitations([_invitation(one, policy, colleagues.get(one.id, ())) for one in page], cursor)


@endpoint(
    "POST",
    "/v1/companies/{company}/invitations/{code}/acceptance",
    kinds=SERVER,
    summary="A colleague takes up an invitation",
    tag="referral",
    errors=(409,),
    description="To be called where your product learns who follows an invitation's link, such as at the sign-up. "
    "The same again changes nothing. 409 `lacking` says why the colleague cannot join by it.",
)
async def accept_invitation(asked: Asked[shapes.NewAcceptance, None]) -> shapes.Acceptance:
    done = await take_up(
        asked.services.database,
        company=asked.path["company"],
        code=asked.path["code"],
        member=asked.body.member,
        actor=actor_of(asked, asked.body.actor),
        now=asked.services.now(),
    )
    status = cast(shapes.AcceptanceStatus, done.status)
    return shapes.Acceptance(asked.body.member, done.invitation.member_id, status)


@endpoint(
    "POST",
    "/v1/companies/{company}/invitations/{code}/steps",
    kinds=INGESTION,
    summary="Somebody saw, understood or forwarded an invitation",
    tag="referral",
    description="Counted once for each `visitor`, by channel, and of no other effect; so a write key may.",
)
async def create_step(asked: Asked[shapes.NewShown, None]) -> shapes.Counted:
    assert asked.principal is not None
    done = await note_shown(
        asked.services.database,
        company=asked.path["company"],
        code=asked.path["code"],
        step=asked.body.step,
        channel=asked.body.channel,
        visitor=asked.body.visitor,
        trusted=asked.principal.kind == "server",
        now=asked.services.now(),
    )
    return shapes.Counted(done)


def _funnel(counts: dict[str, int]) -> shapes.Funnel:
    return shapes.Funnel(*(counts.get(step, 0) for step in FUNNEL))


@endpoint(
    "GET",
    "/v1/companies/{company}/referral",
    kinds=SERVER,
    summary="The funnel of a company's invitations, by channel",
    tag="referral",
    description=f"Of the local days `from` to `to`, the last {DAYS_DEFAULT} without. For the company's own "
    "administrators: small numbers are not hidden.",
)
async def get_referral(asked: Asked[None, shapes.FunnelDays]) -> shapes.Referral:
    async with asked.services.database.read() as s:
        id = await find_company(s, asked.path["company"])
        found = await load_company_state(s, id)
        today, _ = local_day_hour(asked.services.now(), found[0].timezone if found else "UTC")
        last = read_day("to", asked.query.last_day).toordinal() if asked.query.last_day else today
        first = last - DAYS_DEFAULT + 1
        if asked.query.first_day:
            first = read_day("from", asked.query.first_day).toordinal()
        if not 0 <= last - first < DAYS_MAX:
            raise InvalidRequest(f"from: must not be after `to`, nor {DAYS_MAX} days or more before it")
        days: dict[int, DayRollup] = await load_days(s, id, first, last)
    channels: dict[str, dict[str, int]] = {}
    whole: dict[str, int] = {}
    for rollup in days.values():
        for key, times in rollup.referral.items():
            channel, step = key.split("/")
            for counts in (channels.setdefault(channel, {}), whole):
                counts[step] = counts.get(step, 0) + times
    return shapes.Referral(
        date.fromordinal(first).isoformat(),
        date.fromordinal(last).isoformat(),
        _funnel(whole),
        {channel: _funnel(counts) for channel, counts in sorted(channels.items())},
    )


ENDPOINTS: Final = [
    create_invitation,
    list_member_invitations,
    accept_invitation,
    create_step,
    get_referral,
]
