"""What a member prefers: whether to be compared with colleagues. The log has each change with its actor."""

from __future__ import annotations

from engage.actions.turns import Turns
from engage.core.event import Body, Kind
from engage.errors import NotFound
from engage.store.companies import existing_company
from engage.store.database import Database
from engage.store.statements import Transaction


async def set_preferences(
    database: Database, *, company: str, member: str, preferences: dict[str, bool], actor: str, now: int
) -> dict[str, bool]:
    """Change those that are named; all of them as they are then. What is so already is not logged again.

    Raises NotFound (company, member).
    """

    async def work(tx: Transaction) -> dict[str, bool]:
        id = await existing_company(company)
        turns = Turns(tx)
        await turns.take([id])
        await turns.load([(id, member)], [])
        if member not in turns[id].members:
            raise NotFound(f"member {member!r} is not known in company {company!r}")
        state = turns[id].member(member).state
        changed = {name: value for name, value in preferences.items() if state.preferences.get(name) != value}
        if changed:
            body = Body("", {"preferences": changed, "actor": actor})
            turns[id].append(member, Kind.PREFERENCES, now, now, "", body)
            await turns.save()
        return dict(state.preferences)

    return await database.write(work)
