"""Whether interventions helped: scores before and after, beside those of companies that went without.

Owns which companies are compared. Reads scores alone, which are made of published figures. Where some were held out,
the others are those; else the companies that had no intervention in the same weeks.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

from engage.core.care import Intervention
from engage.core.care_shapes import Compared, EffectView
from engage.core.measures import WEEK
from engage.core.plans import AFTER_WEEKS, compare
from engage.core.scored_as import profile_key
from engage.store.care import load_care
from engage.store.database import Database
from engage.store.scope import EVERY_COMPANY, Scope
from engage.store.settings import put_setting, read_setting
from engage.store.signal import EFFECTS_SETTING, Scored, load_followed, load_scores
from engage.store.statements import Statements, Transaction

EFFECTS_MAX: Final = 20
"""Interventions told of beside the portfolio, the newest first."""

decode_effects = msgspec.json.Decoder(tuple[EffectView, ...]).decode


class _Known(NamedTuple):
    score: int
    version: int
    profile: tuple[str, str]
    has_left: bool
    """Then it is frozen, and moves no more."""

    def is_reckoned_like(self, other: _Known) -> bool:
        """Other scores are not compared: the difference would be the version's, or the profile's."""
        return (self.version, self.profile) == (other.version, other.profile)


Done = Mapping[int, Mapping[str, Intervention]]
"""company -> id -> its own row of an intervention"""


def together(rows: Collection[Intervention]) -> Intervention:
    """One intervention, of the rows that its companies have of it."""
    return replace(
        next(iter(rows)),
        companies=tuple(sorted(name for one in rows for name in one.companies)),
        held_out=tuple(sorted(name for one in rows for name in one.held_out)),
    )


def done_as(done: Done, id: str) -> Intervention | None:
    """The intervention with this id."""
    rows = [own[id] for own in done.values() if id in own]
    return together(rows) if rows else None


def not_withdrawn(done: Done) -> dict[int, dict[str, Intervention]]:
    return {
        company: {id: one for id, one in own.items() if not one.withdrawn} for company, own in done.items()
    }


async def load_done(s: Statements, scope: Scope = EVERY_COMPANY) -> dict[int, dict[str, Intervention]]:
    """What was done, without what was withdrawn."""
    return not_withdrawn(await load_care(s, Intervention, scope))


def all_together(done: Done) -> list[Intervention]:
    """The newest first."""
    by_id: dict[str, list[Intervention]] = {}
    for own in done.values():
        for one in own.values():
            by_id.setdefault(one.id, []).append(one)
    whole = [together(rows) for rows in by_id.values()]
    return sorted(whole, key=lambda one: (one.day, one.recorded_at, one.id), reverse=True)


class Judge:
    """Compares within one read; the scores of a day are read once."""

    def __init__(self, s: Statements, done: Done) -> None:
        self.s, self.done = s, done
        self._days: dict[int, dict[int, _Known]] = {}
        self._ids: list[int] | None = None

    async def compared(self, id: str, day: str) -> tuple[Compared, ...]:
        before = sunday_before(day)
        return tuple([await self._after(id, before, weeks) for weeks in AFTER_WEEKS])

    async def _after(self, id: str, before: int, weeks: int) -> Compared:
        was, then = await self._scores(before), await self._scores(before + WEEK * weeks)
        changes = {
            company: then[company].score - known.score
            for company, known in was.items()
            if not known.has_left and company in then and then[company].is_reckoned_like(known)
        }
        rows = {company: own[id] for company, own in self.done.items() if id in own}
        treated = {company for company, one in rows.items() if one.companies}
        held_out = rows.keys() - treated
        others = held_out or changes.keys() - self._busy(before, weeks)
        return compare(
            weeks,
            [change for company, change in changes.items() if company in treated],
            [change for company, change in changes.items() if company in others],
            drawn=bool(held_out),
            over=bool(then) or not was,
        )

    def _busy(self, before: int, weeks: int) -> set[int]:
        """The companies that had any intervention in these weeks."""
        first, last = (date.fromordinal(before + WEEK * n).isoformat() for n in (0, weeks))
        return {
            company
            for company, own in self.done.items()
            if any(first < one.day <= last and one.companies for one in own.values())
        }

    async def _scores(self, sunday: int) -> dict[int, _Known]:
        if sunday not in self._days:
            if self._ids is None:
                self._ids = [one.id for one in await load_followed(self.s)]
            found = await load_scores(self.s, self._ids, sunday, sunday)
            self._days[sunday] = {
                company: known for company, own in found.items() if (known := _known(own[sunday])) is not None
            }
        return self._days[sunday]


def _known(scored: Scored) -> _Known | None:
    health, stage = scored.health, scored.stage
    if health.score is None:
        return None
    left = stage is not None and stage.stage == "churned"
    return _Known(health.score, health.version, profile_key(health.profile), left)


async def newest_effects(s: Statements) -> tuple[EffectView, ...]:
    """Of the newest interventions, with what can be said so far."""
    done = await load_done(s)
    judge = Judge(s, done)
    return tuple([await _effect(judge, one) for one in all_together(done)[:EFFECTS_MAX]])


async def keep_effect(database: Database, id: str) -> None:
    """Put what can be said of an intervention that was just logged beside the portfolio; withdrawn, it goes.

    Scoring renews all of them, but only when a week is over: what somebody logs must be seen at once.
    """
    async with database.read() as s:
        done = await load_done(s)
        found = done_as(done, id)
        effects_of = [await _effect(Judge(s, done), found)] if found is not None else []

    async def write(_: Transaction) -> None:
        known = await read_setting(EFFECTS_SETTING)
        others = [one for one in decode_effects(known) if one.id != id] if known else []
        effects = sorted((*effects_of, *others), key=lambda one: one.day, reverse=True)[:EFFECTS_MAX]
        await put_setting(EFFECTS_SETTING, msgspec.json.encode(effects).decode())

    await database.write(write)


async def _effect(judge: Judge, one: Intervention) -> EffectView:
    compared = await judge.compared(one.id, one.day)
    only = one.companies[0] if len(one.companies) == 1 and not one.held_out else ""
    return EffectView(
        one.id, one.what, one.day, one.actor, len(one.companies), len(one.held_out), compared, only
    )


def sunday_before(day: str) -> int:
    """The last day of the week before: the newest score that knows nothing of the intervention."""
    ordinal = date.fromisoformat(day).toordinal()
    return ordinal - (ordinal - 1) % WEEK - 1
