"""Member tokens: minted by the host's back end, for the member who looks at its widget."""

from __future__ import annotations

from typing import Final

from engage.actions.tokens import TokenHolder, create_member_token
from engage.core.calendar import to_rfc3339
from engage.web import shapes
from engage.web.api.companies import check_id
from engage.web.endpoint import SERVER, Asked, endpoint


@endpoint(
    "POST",
    "/v1/member-tokens",
    kinds=SERVER,
    summary="Mint a short-lived token for one member's widget",
    tag="members",
    description="A JWT (HS256, audience `engage-member`). The member need not be known yet: a page may be opened "
    "before the first event.",
    status=201,
)
async def create_token(asked: Asked[shapes.NewMemberToken, None]) -> shapes.MemberToken:
    given = asked.body
    check_id("company", given.company)
    check_id("member", given.member)
    holder = TokenHolder(given.company, given.member, given.origin)
    made = create_member_token(asked.services.secret, holder, given.ttl_seconds)
    return shapes.MemberToken(made.token, to_rfc3339(made.expires_at))


ENDPOINTS: Final = [create_token]
