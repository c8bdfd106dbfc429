"""What is listed of invitations, redemptions and adjustments, beside the entries that say so.

A row of these tables says nothing that its entries do not. So each entry that is followed is held against its row, and
in the end there may be no row, and no step, beyond those. Of what is archived nothing is said: its entries are gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

from msgspec.structs import asdict

from engage.core.adjustments import APPROVE
from engage.core.event import Kind
from engage.core.ledger import EXPIRED, HELD, place
from engage.core.referral import BRING, INVITE
from engage.core.rewards import REQUEST, STEPS
from engage.store import adjustments, referral, rewards
from engage.store.log import Stored
from engage.store.rewards import Step, StoredRedemption
from engage.store.statements import Statements

if TYPE_CHECKING:
    from engage.actions.replay import Replay

T = TypeVar("T")
REQUESTED, DONE, DECLINED = adjustments.STATUSES


class Listed:
    """The lists of one company, as far as its log was followed."""

    def __init__(self, replay: Replay) -> None:
        self.replay = replay
        self.pass_over(0)

    def pass_over(self, last: int) -> None:
        """Entries up to `last` are gone; what began with them is not counted."""
        self.after = last
        self.invitations = self.redemptions = self.steps = self.adjustments = self.settled = 0
        self.moves: dict[int, tuple[int, int]] = {}
        """Of colleagues whose referral moved on, or back: when it last did, and the entry that brought the inviter
        theirs."""

    async def compare(self, s: Statements, stored: Sequence[Stored]) -> None:
        """Hold entries against the rows that they wrote, or changed."""
        self._follow_moves(stored)
        await self._compare_invitations(
            s,
            [
                one
                for one in stored
                if one.entry.kind == Kind.REFERRAL and one.entry.body.data["step"] == INVITE
            ],
        )
        await self._compare_redemptions(s, [one for one in stored if one.entry.kind == Kind.REDEMPTION])
        await self._compare_adjustments(s, [one for one in stored if one.entry.kind == Kind.ADJUSTMENT])

    async def compare_counts(self, s: Statements) -> None:
        """Nothing is listed that no entry said."""
        id, beyond = self.replay.id, f"beyond entry {self.after}"
        invitations = await referral.count_listed(s, id, self.after)
        self._same(f"the number of rows {beyond} of engage_invitation differs", invitations, self.invitations)
        if self.moves:
            listed = await referral.last_moves(s, id)
            for number, move in self.moves.items():
                self._column("engage_referred", number, "changed_at and brought", listed.get(number), move)
        redemptions, steps = await rewards.count_steps(s, id, self.after)
        self._same(f"the number of rows {beyond} of engage_redemption differs", redemptions, self.redemptions)
        self._same(f"the number of steps {beyond} in engage_redemption differs", steps, self.steps)
        waited, settled = await adjustments.count_listed(s, id, self.after)
        self._same(f"the number of rows {beyond} of engage_adjustment differs", waited, self.adjustments)
        self._same(
            f"the number of those settled {beyond} in engage_adjustment differs", settled, self.settled
        )

    def _follow_moves(self, stored: Sequence[Stored]) -> None:
        for one in stored:
            entry, led = one.entry, one.record.led
            if led is not None and (led.active or led.invitation):
                self.moves[entry.member] = entry.received_at, 0
            if entry.kind == Kind.REFERRAL and entry.body.data["step"] == BRING:
                self.moves[entry.body.data["colleague"]] = entry.received_at, entry.seq

    # --- table by table ---------------------------------------------------------------------------------

    async def _compare_invitations(self, s: Statements, sent: Sequence[Stored]) -> None:
        if not sent:
            return
        self.invitations += len(sent)
        rows = await referral.load_listed(s, self.replay.id, [one.entry.seq for one in sent])
        for one in sent:
            entry, said = one.entry, one.entry.body.data
            row = self._row("engage_invitation", rows, entry.seq, entry.seq)
            expected = referral.Listed(
                entry.member, said["to"], entry.received_at, entry.day, said["channel"], said["code"]
            )
            for column, value in asdict(expected).items():
                self._column("engage_invitation", entry.seq, column, getattr(row, column), value)

    async def _compare_redemptions(self, s: Statements, stored: Sequence[Stored]) -> None:
        if not stored:
            return
        numbers = [_begun(one, REQUEST, "redemption") for one in stored]
        rows = await rewards.load_listed(s, self.replay.id, sorted(set(numbers)))
        for id, one in zip(numbers, stored, strict=True):
            self.redemptions += id == one.entry.seq
            self.steps += id > self.after
            self._compare_step(id, self._row("engage_redemption", rows, id, one.entry.seq), one)

    def _compare_step(self, id: int, row: StoredRedemption, stored: Stored) -> None:
        entry, said = stored.entry, stored.entry.body.data
        expected: dict[str, object] = {"member": entry.member}
        if id == entry.seq:
            [held] = (one for one in stored.transfers if place(one.target) == HELD)
            expected |= {"reward": said["reward"], "requested_at": entry.at}
            expected |= {"amount": held.amount, "currency": held.currency}
        if row.steps and row.steps[-1].step == said["step"]:
            expected |= {"status": stored.record.status, "changed_at": entry.at}
        for column, value in expected.items():
            self._column("engage_redemption", id, column, getattr(row, column), value)
        expired = sum(one.amount for one in stored.transfers if place(one.target) == EXPIRED)
        step = Step(said["step"], entry.at, said["actor"], said["reason"], expired)
        found = [one for one in row.steps if one.step == step.step]
        self._column("engage_redemption", id, f"steps, {step.step}", found, [step])
        order = [one.step for one in row.steps]
        self._column("engage_redemption", id, "order of steps", order, sorted(order, key=STEPS.index))

    async def _compare_adjustments(self, s: Statements, stored: Sequence[Stored]) -> None:
        waited = [one for one in stored if "step" in one.entry.body.data or one.record.status == REQUESTED]
        if not waited:
            return
        numbers = [_begun(one, None, "adjustment") for one in waited]
        rows = await adjustments.load_listed(s, self.replay.id, sorted(set(numbers)))
        for id, one in zip(numbers, waited, strict=True):
            asks = id == one.entry.seq
            self.adjustments += asks
            self.settled += not asks and id > self.after
            row = self._row("engage_adjustment", rows, id, one.entry.seq)
            expected = _asked(one) if asks else _settled(one)
            if row.status == REQUESTED:
                expected |= {"settled_by": "", "settled_for": ""}
            for column, value in expected.items():
                self._column("engage_adjustment", id, column, getattr(row, column), value)

    # --- saying so --------------------------------------------------------------------------------------

    def _row(self, table: str, rows: dict[int, T], id: int, seq: int) -> T:
        if id not in rows:
            raise self.replay.difference(f"{table} {id} is not there, of which entry {seq} speaks")
        return rows[id]

    def _column(self, table: str, id: int, column: str, stored: object, replayed: object) -> None:
        self._same(f"{table} {id} differs from the log in {column}", stored, replayed)

    def _same(self, what: str, stored: object, replayed: object) -> None:
        self.replay.same(what, stored, replayed)


def _begun(stored: Stored, first: str | None, named: str) -> int:
    """The number of what an entry is a step of: that of its first one."""
    said = stored.entry.body.data
    return stored.entry.seq if said.get("step") == first else said[named]


def _asked(stored: Stored) -> dict[str, object]:
    entry, said = stored.entry, stored.entry.body.data
    return {
        "member": entry.member,
        "requested_at": entry.at,
        "amount": said["amount"],
        "currency": said["currency"],
        "actor": said["actor"],
        "reason": said["reason"],
    }


def _settled(stored: Stored) -> dict[str, object]:
    entry, said = stored.entry, stored.entry.body.data
    status = DONE if said["step"] == APPROVE else DECLINED
    return {
        "member": entry.member,
        "status": status,
        "settled_by": said["actor"],
        "settled_for": said["reason"],
    }
