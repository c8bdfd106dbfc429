"""What a member sees of Engage: one read of points, level and recent decisions, in words for the page.

The only file here that reads from Engage. Owns the promise that a page never fails or hangs because of it: whatever
goes wrong, or takes too long, becomes a `Progress` that says so, and the next few pages do not ask again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from datetime import datetime

from engage_sdk import AsyncClient, EngageError, NotFoundError
from engage_sdk.models import Decision, Member

from examples.host.directory import Person

log = logging.getLogger("fieldnote.progress")

CURRENCY = "points"
RECENT_SIZE = 15
HISTORY_SIZE = 40

#: The longest a page waits for what was just done to be accepted, and then for the answer.
FLUSH_SECONDS_MAX = 1.5
READ_SECONDS_MAX = 2.5

#: After a failure pages leave Engage alone for this long, so an outage costs one slow page and not all of them.
PAUSE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """One rule that was considered: the points it brought, and in words what held it back, if anything did."""

    name: str
    points: int
    text: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One decided event: what it brought, and for a rule that brought nothing, why."""

    message_id: str
    title: str
    at: datetime | None
    points: int
    badges: tuple[str, ...]
    level: str | None
    notes: tuple[str, ...]
    rules: tuple[RuleOutcome, ...]

    @property
    def worth_telling(self) -> bool:
        """Signing in and looking round decide nothing; a panel full of them would hide what does."""
        return bool(self.points or self.badges or self.level or self.notes)


@dataclass(frozen=True, slots=True)
class Progress:
    """The panel's content. `available` is False while Engage cannot be asked; everything else is then empty."""

    available: bool
    points: int = 0
    level: str | None = None
    next_level: str | None = None
    missing: int | None = None
    share: float | None = None
    badges: tuple[str, ...] = ()
    entries: tuple[Entry, ...] = ()

    def entry(self, message_id: str | None) -> Entry | None:
        return next((e for e in self.entries if message_id and e.message_id == message_id), None)


NOT_AVAILABLE = Progress(available=False)


class ProgressReader:
    """Reads members' progress, giving up early and resting after a failure."""

    def __init__(self, engage: AsyncClient) -> None:
        self._engage = engage
        self._asks_again_at = 0.0

    async def read(self, person: Person, size: int = RECENT_SIZE) -> Progress:
        if time.monotonic() < self._asks_again_at:
            return NOT_AVAILABLE
        try:
            # First what this person has just done, so that the page shows its effect.
            if not await self._engage.flush(timeout=FLUSH_SECONDS_MAX):
                raise TimeoutError("what was done is still on its way")
            async with asyncio.timeout(READ_SECONDS_MAX):
                member, decisions = await asyncio.gather(
                    self._engage.members.get(person.company, person.id),
                    self._recent(person, size),
                )
        except NotFoundError:
            return Progress(
                available=True
            )  # nothing recorded yet: Engage meets a member with their first event
        except (EngageError, TimeoutError) as error:
            log.warning("points are not available: %s", error)
            self._asks_again_at = time.monotonic() + PAUSE_SECONDS
            return NOT_AVAILABLE
        return _progress(member, decisions)

    async def _recent(self, person: Person, size: int) -> list[Decision]:
        decisions: list[Decision] = []
        async for decision in self._engage.members.decisions(person.company, person.id, page_size=size):
            decisions.append(decision)
            if len(decisions) == size:
                break
        return decisions


def _progress(member: Member, decisions: list[Decision]) -> Progress:
    names = {badge.id: badge.name or badge.id for badge in member.badges}
    balance = member.balances.get(CURRENCY)
    above = member.next_level
    return Progress(
        available=True,
        points=balance.active if balance else 0,
        level=member.level.name or member.level.id if member.level else None,
        next_level=above.name or above.id if above else None,
        missing=above.missing if above else None,
        share=member.progress,
        badges=tuple(names.values()),
        entries=tuple(_entry(decision, names, member) for decision in decisions),
    )


def _entry(decision: Decision, badge_names: dict[str, str], member: Member) -> Entry:
    by_rule: dict[str | None, int] = {}
    for effect in decision.effects:
        if effect.type == "award" and effect.currency == CURRENCY:
            by_rule[effect.rule] = by_rule.get(effect.rule, 0) + (effect.amount or 0)
    points = sum(by_rule.values())
    badges = tuple(badge_names.get(e.badge, e.badge) for e in decision.effects if e.badge)
    levels = [e.level for e in decision.effects if e.type == "level" and e.level]
    level = levels[-1] if levels else None
    if level and member.level and member.level.id == level:
        level = member.level.name or level
    rules = tuple(
        RuleOutcome(
            rule.name or rule.rule,
            by_rule.get(rule.rule, 0),
            None if rule.verdict == "fired" else rule.text or rule.verdict,
        )
        for rule in decision.rules
    )
    # Limits are always worth a word. A condition that was not met matters only where nothing else was earned.
    held = [r for r in decision.rules if r.verdict in {"limit", "budget", "cut"}]
    if not held and not points and not badges:
        held = [r for r in decision.rules if r.verdict == "condition"]
    notes = tuple(rule.text or rule.verdict for rule in held)
    return Entry(
        message_id=decision.message_id,
        title=_sentence_case(decision.event or "Event"),
        at=decision.at,
        points=points,
        badges=badges,
        level=level,
        notes=notes,
        rules=rules,
    )


def _sentence_case(event: str) -> str:
    return event[:1].upper() + event[1:].lower()
