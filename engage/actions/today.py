"""A member as of now, for whoever looks: with the midnights that nobody has made up for yet.

Whatever comes next for a member is preceded by the ticks that are due, so what is shown must be what that will find:
no point that has expired, no level that was lost. They are decided as they will be, and forgotten: nothing is written.
"""

from __future__ import annotations

from engage.actions.turns import Member, Turn, program_version
from engage.core.agenda import next_due
from engage.core.calendar import local_day_hour
from engage.core.state import CompanyState, MemberState
from engage.store.log import load_heads
from engage.store.statements import Statements


async def bring_to_now(
    s: Statements,
    company_id: int,
    number: int,
    external_id: str,
    state: MemberState,
    version: int,
    company: CompanyState,
    now: int,
) -> dict[int, int]:
    """Changes `state` to what it will be when the member acts now, by the program `version` in force.

    Answers the entries that will be written for it, by seq, each with its time: badges and nudges may name them.
    """
    program = await program_version(version)
    due = next_due(program, company, state) if program is not None else 0
    if not 0 < due <= local_day_hour(now, company.timezone)[0]:
        return {}
    turn = Turn((await load_heads(s, [company_id]))[company_id], version, program)
    member = turn.members[external_id] = Member(number, external_id, state)
    turn.bring_up_to(member, now)
    return {entry.seq: entry.at for entry, _, _ in turn.items}
