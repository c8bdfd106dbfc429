"""A host that speaks to the real actions on a real file: short ways to write calls and to look at what came of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

from engage.actions.adjust import Adjustment, adjust
from engage.actions.checkpoint import take_checkpoint
from engage.actions.ingest import Outcome, accept_calls
from engage.actions.publish import Published, publish
from engage.actions.replay import Replay, Replayed
from engage.actions.reverse import Reversal, reverse
from engage.actions.verify import Verified, replay_all, verify
from engage.core.calendar import DAY, HOUR, from_datetime
from engage.core.call import Call, Refusal, read_call
from engage.core.event import Kind
from engage.core.state import CompanyState, MemberState
from engage.document import read_program
from engage.store.companies import company_id
from engage.store.database import Database
from engage.store.held import load_rejects
from engage.store.log import Stored, load_days, load_entries
from engage.store.members import load_company_state, load_member
from engage.store.scope import GROWING
from tests.places import Place

NOON = from_datetime(datetime(2026, 6, 3, 12, tzinfo=UTC))
MINUTE = HOUR // 60
PROGRAM = """
name: Tests
currencies: {points: {}, gems: {debt: allow}}
traits:
  member: {role: {type: string}, phone: {type: string, personal: true}}
  company: {plan: {type: string}, owner: {type: string, personal: true}}
events:
  Report Exported: {}
  Deal Won: {properties: {value: {type: number}, customer: {type: string, personal: true}}}
  Page Clicked: {browser: true}
badges: {closer: {name: Closer}}
levels:
  currency: points
  steps:
    - {id: bronze, name: Bronze, threshold: 10}
    - {id: silver, name: Silver, threshold: 60}
rules:
  - {id: export, trigger: Report Exported, effects: [{award: {currency: points, amount: 10}}]}
  - id: deal
    trigger: Deal Won
    conditions: {field: event.properties.value, op: ge, value: 1000}
    effects: [{award: {currency: points, amount: 50}}, {award: {currency: gems, amount: 7}}, {badge: closer}]
    limits: [{per: member, window: day, count: 2}]
  - {id: click, trigger: Page Clicked, effects: [{award: {currency: points, amount: 1}}]}
"""


@cache
def program(text: str = PROGRAM) -> Any:
    found = read_program(text)
    assert found.program is not None, [str(problem) for problem in found.problems]
    return found.program


@dataclass
class Host:
    database: Database
    place: Place
    now: int = NOON
    sent: int = field(default=0)

    def call(self, verb: str, member: str = "", *, trusted: bool = True, **raw: Any) -> Call | Refusal:
        """As a client would say it; without a messageId it gets one of its own, and it happens now."""
        self.sent += 1
        said = {"messageId": f"m{self.sent}", "userId": member, **raw}
        return read_call(
            said, verb=verb, received_at=self.now, sent_at=None, trusted=trusted, new_id=lambda: "new"
        )

    def track(
        self, member: str, event: str = "Report Exported", company: str | None = "acme", **raw: Any
    ) -> Call:
        context = {"context": {"groupId": company}} if company else {}
        call = self.call("track", member, **{"event": event, **context, **raw})
        assert isinstance(call, Call), call
        return call

    def visit(self, anonymous: str, event: str = "Report Exported", company: str = "", **raw: Any) -> Call:
        """An event of somebody not yet known."""
        return self.track("", event, company, anonymousId=anonymous, **raw)

    async def send(self, *calls: Call | Refusal) -> list[Outcome]:
        return await accept_calls(self.database, calls, now=self.now)

    async def publish(self, text: str = PROGRAM, company: str | None = None) -> Published:
        return await publish(self.database, program(text), text, company=company, actor="test", now=self.now)

    async def adjust(self, member: str, amount: int, key: str, **changes: Any) -> Adjustment:
        asked: dict[str, Any] = {
            "company": "acme",
            "member": member,
            "currency": "points",
            "amount": amount,
            "reason": "by hand",
            "actor": "test",
            "idempotency_key": key,
            "now": self.now,
        }
        return await adjust(self.database, **(asked | changes))

    async def reverse(self, message_id: str, company: str = "acme", key: str = "") -> Reversal:
        return await reverse(
            self.database,
            company=company,
            message_id=message_id,
            reason="a mistake",
            actor="test",
            idempotency_key=key,
            now=self.now,
        )

    async def verify(self, **asked: Any) -> Verified:
        return await verify(self.database, **asked)

    async def checkpoint(self, company: str = "acme") -> int:
        """Take one of the company as it stands; the seq of its entry."""
        async with self.database.read():
            id = await company_id(company)
        assert id is not None
        replay = Replay(id, company, Replayed())
        try:
            await replay_all(self.database, replay)
            entry = await take_checkpoint(self.database, replay, now=self.now)
        finally:
            replay.close()
        assert entry is not None
        return entry

    async def member(self, member: str, company: str = "acme") -> MemberState | None:
        async with self.database.read() as s:
            id = await company_id(company)
            found = await load_member(s, id, member) if id is not None else None
        return found[1] if found else None

    async def balance(self, member: str, company: str = "acme", currency: str = "points") -> int | None:
        """What can be spent; None for a member who is not known."""
        found = await self.member(member, company)
        if found is None:
            return None
        wallet = found.wallets.get(currency)
        return wallet.active if wallet else 0

    async def company(self, company: str = "acme") -> CompanyState:
        async with self.database.read() as s:
            id = await company_id(company)
            found = await load_company_state(s, id) if id is not None else None
        assert found is not None, f"{company} has no log"
        return found[0]

    async def log(self, company: str = "acme") -> list[Stored]:
        async with self.database.read() as s:
            id = await company_id(company)
            return await load_entries(s, id, 0, 2**60) if id is not None else []

    async def names(self, company: str = "acme") -> list[str]:
        """The names of the events in the log, in its order."""
        return [stored.entry.name for stored in await self.log(company) if stored.entry.kind == Kind.TRACK]

    async def days(self, company: str = "acme") -> dict[int, Any]:
        async with self.database.read() as s:
            id = await company_id(company)
            assert id is not None
            return await load_days(s, id, 0, 4_000_000)

    async def rejects(self) -> list[tuple[str | None, str]]:
        """(company, code) of what was refused and kept, newest first."""
        async with self.database.read() as s:
            return [(row[0], row[4]) for row in await load_rejects(s, None, 1000)]

    def tamper(self, tampering: str | Callable[[Place], object]) -> None:
        """Change what is stored behind everybody's back."""
        if callable(tampering):
            tampering(self.place)
        else:
            self.place.change(tampering)

    def count(self, table: str) -> int:
        return int(self.place.rows(f"SELECT COUNT(*) FROM engage_{table}")[0][0])

    def stored_rows(self) -> dict[str, list[Any]]:
        """Every row of every growing table."""
        return {
            table: sorted(self.place.rows(f"SELECT * FROM {table}"), key=repr) for table in sorted(GROWING)
        }


def iso(at: int) -> str:
    return datetime.fromtimestamp(at / 1e6, tz=UTC).isoformat()


__all__ = ["DAY", "HOUR", "MINUTE", "NOON", "PROGRAM", "Host", "iso", "program"]
