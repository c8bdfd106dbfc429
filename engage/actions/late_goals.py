"""Goals that are behind or missed, kept beside the portfolio: no page reads the goals and full scores of all companies.

Owns when they are looked at: when scores are new, and when somebody sets or drops a goal.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Final

import msgspec

from engage.core.care import Goal
from engage.core.care_shapes import LateGoal
from engage.core.plans import goal_view
from engage.core.terms import contract_on, customer_since, has_left
from engage.store.care import load_care
from engage.store.database import Database
from engage.store.scope import EVERY_COMPANY
from engage.store.settings import put_setting, read_setting
from engage.store.signal import LATE_GOALS_SETTING, load_followed, load_newest_scores
from engage.store.statements import Statements, Transaction
from engage.store.terms import load_terms

LATE_MAX: Final = 100
"""Goals told of beside the portfolio, those whose day is nearest."""

decode_late = msgspec.json.Decoder(tuple[LateGoal, ...]).decode


async def keep_late_goals(database: Database, company: int | None = None) -> None:
    """Look at the goals of one company, or of all, by their newest scores."""
    async with database.read() as s:
        goals = await load_care(s, Goal, EVERY_COMPANY if company is None else [company])
        looked_at, found = await _late(s, goals)

    async def write(_: Transaction) -> None:
        known = await read_setting(LATE_GOALS_SETTING)
        before = decode_late(known) if company is not None and known else ()
        others = [one for one in before if one.company not in looked_at]
        late = sorted([*found, *others], key=lambda one: (one.by, one.company, one.id))[:LATE_MAX]
        if late or known:
            await put_setting(LATE_GOALS_SETTING, msgspec.json.encode(late).decode())

    await database.write(write)


async def _late(s: Statements, goals: dict[int, dict[str, Goal]]) -> tuple[Collection[str], list[LateGoal]]:
    """The companies looked at, and their goals that are late."""
    ids = list(goals)
    followed = await load_followed(s, ids) if ids else []
    scores = await load_newest_scores(s, ids, date.max.toordinal()) if ids else {}
    terms = await load_terms(s, ids) if ids else {}
    found = []
    for one in followed:
        own = terms.get(one.id, [])
        if one.id not in scores:
            continue
        end, scored = scores[one.id]
        if has_left(own, end):
            continue
        contract = contract_on(own, end, one.state.seats, customer_since(one.state.traits))
        for goal in goals[one.id].values():
            seen = goal_view(goal, scored.health, contract, ())
            if seen.standing in ("behind", "missed"):
                late = LateGoal(
                    one.external_id,
                    one.name,
                    goal.id,
                    goal.name,
                    seen.label,
                    goal.by,
                    goal.owner,
                    seen.standing,
                )
                found.append(late)
    return {one.external_id for one in followed}, found
