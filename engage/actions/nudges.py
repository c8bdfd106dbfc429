"""Marking a member's nudge as seen, once."""

from __future__ import annotations

from engage.actions.turns import Turns
from engage.core.compiled import CompiledProgram
from engage.core.event import Body, Kind
from engage.core.state import MemberState
from engage.errors import NotFound
from engage.store.companies import existing_company
from engage.store.database import Database
from engage.store.statements import Transaction


async def open_nudge(
    database: Database, *, company: str, member: str, nudge: str, actor: str, now: int
) -> tuple[int, MemberState, CompiledProgram | None]:
    """Mark it; one that is marked stays as it is. The company's number, the member as it is then, and the program.

    Raises NotFound: company, member, or a nudge that the member was not sent.
    """

    async def work(tx: Transaction) -> tuple[int, MemberState, CompiledProgram | None]:
        id = await existing_company(company)
        turns = Turns(tx)
        await turns.take([id])
        await turns.load([(id, member)], [])
        turn = turns[id]
        if member not in turn.members:
            raise NotFound(f"member {member!r} is not known in company {company!r}")
        state = turn.member(member).state
        if nudge not in state.nudged:
            raise NotFound(
                f"member {member!r} was not sent a nudge {nudge[:64]!r}, or longer ago than is kept"
            )
        if not state.nudged[nudge].opened:
            turn.append(member, Kind.NUDGE, now, now, "", Body("", {"opened": nudge, "actor": actor}))
            await turns.save()
        return id, state, turn.program

    return await database.write(work)
