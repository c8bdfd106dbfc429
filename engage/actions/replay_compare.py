"""What is stored of members beside what a replay of their company's log comes to.

Owns what must agree: states, balances, lots, leaderboards, redemptions, adjustments, referrals and the agenda. How the
log is followed is the replay's business.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from engage.actions.replayed_members import BALANCES
from engage.actions.turns import next_look, program_version
from engage.core.compiled import CompiledProgram
from engage.core.leaderboards import name_of, standings
from engage.core.state import MemberState, Waiting
from engage.store.adjustments import open_requests
from engage.store.agenda import every_due, load_timetables
from engage.store.companies import HOST
from engage.store.leaderboards import every_standing
from engage.store.members import every_member
from engage.store.programs import owner_of_version
from engage.store.referral import count_invitations, every_referred
from engage.store.rewards import open_redemptions
from engage.store.statements import Statements

if TYPE_CHECKING:
    from engage.actions.replay import Replay

NOBODY: Final = 0, 0


async def compare_members(s: Statements, replay: Replay) -> None:
    """Each member's state and balances, what waits of them, and by whose invitation they came."""
    count = 0
    redemptions: dict[int, tuple[int, str, str, int, str]] = {}
    asked: dict[int, tuple[int, str, int, str]] = {}
    async for number, external_id, state in every_member(s, replay.id):
        count += 1
        redemptions |= {
            seq: (number, one.reward, one.currency, one.amount, one.status)
            for seq, one in state.redemptions.items()
            if not one.fulfilled
        }
        asked |= {
            seq: (number, one.currency, one.amount, one.actor) for seq, one in state.adjustments.items()
        }
        kept = replay.members.of(number)
        replay.same(f"the state of member {external_id!r} differs", state, kept.state)
        for currency, wallet in state.wallets.items():
            for place_, name in BALANCES.items():
                folded = kept.balances.get(place_, {}).get(currency, 0)
                what = f"the {name} {currency} of member {external_id!r} differ"
                replay.same(what, _units(getattr(wallet, name)), folded)
            lots = sum(units for _, units in wallet.lots)
            replay.same(f"the {currency} lots of member {external_id!r} differ", lots, max(wallet.active, 0))
    replayed = 0
    for number, kept in replay.members.in_order():
        replayed += kept.state is not None
        wallets = kept.state.wallets if kept.state is not None else {}
        for balances in kept.balances.values():
            for currency, balance in balances.items():
                if balance and currency not in wallets:
                    words = f"member number {number} has no {currency} wallet for {balance}"
                    raise replay.difference(words)
    replay.same("the number of members differs", count, replayed)
    _same_rows(replay, "open engage_redemption", await open_redemptions(s, replay.id), redemptions)
    _same_rows(replay, "waiting engage_adjustment", await open_requests(s, replay.id), asked)
    await _compare_referrals(s, replay)


async def compare_standings(s: Statements, replay: Replay, program: CompiledProgram | None) -> None:
    """What leaderboards show beside what the members' states say. Rows of boards and periods that are gone stay."""
    boards = {name_of(one, replay.company) for one in program.program.leaderboards} if program else set()
    found = 0
    if program is None or not boards:
        return
    async for board, slot, number, *stored in every_standing(s, replay.id):
        if board not in boards:
            continue
        state = replay.members.of(number).state or MemberState()
        said = [one for one in standings(program, replay.company, state) if one[:2] == (board, slot)]
        if not said and stored[0] < min(state.scores.get(board, {stored[0]: 0})):
            continue
        found += 1
        replay.same(
            f"the standing of member number {number} on {board}", stored, [*said[0][2:]] if said else []
        )
    states = (state for _, state in replay.members.states())
    expected = sum(1 for state in states for _ in standings(program, replay.company, state))
    replay.same("the number of standings on leaderboards differs", found, expected)


async def compare_agenda(s: Statements, replay: Replay, program_id: int) -> None:
    """Nobody is to wait for a midnight in vain: the scheduler looks at each member on the day on which something awaits
    them by the version in force, or before. Until it has made the agenda for that one, nothing can be said of it."""
    made_by = (await load_timetables(s, [replay.id])).get(replay.id, 0)
    if made_by != program_id:
        if made_by and await owner_of_version(made_by) not in (HOST, replay.id):
            raise replay.difference(
                f"engage_timetable names version {made_by}, which the company never followed"
            )
        return
    program = await program_version(program_id)
    looks = ((number, next_look(program, replay.company, state)) for number, state in replay.members.states())
    awaited = (one for one in looks if one[1])
    member, day = next(awaited, NOBODY)
    async for number, due in every_due(s, replay.id):
        if number == member and due <= day:
            member, day = next(awaited, NOBODY)
        elif 0 < member <= number:
            break
    if member:
        raise replay.difference(
            f"member number {member} is not in the agenda of day {day}, when a tick is due"
        )


async def _compare_referrals(s: Statements, replay: Replay) -> None:
    """Who joined by whose invitation, and how many each sent, as they are listed and as the states say."""
    joined: dict[int, tuple[int, int, int, int, bool]] = {}
    sent: dict[int, int] = {}
    for number, state in replay.members.states():
        known = state.referral
        if known is not None and known.sent:
            sent[number] = known.sent
        if known is not None and (via := known.via) is not None:
            joined[number] = (via.invitation, via.by, known.joined_by, known.active, known.active > 0)
    _same_rows(replay, "engage_referred of member number", await every_referred(s, replay.id), joined)
    _same_rows(
        replay, "count of engage_invitation of member number", await count_invitations(s, replay.id), sent
    )


def _same_rows(
    replay: Replay, what: str, stored: Mapping[int, object], replayed: Mapping[int, object]
) -> None:
    """Names the first that differs, not all that are the same."""
    if stored != replayed:
        first = min(key for key in stored.keys() | replayed.keys() if stored.get(key) != replayed.get(key))
        replay.same(f"the {what} {first} differs", stored.get(first), replayed.get(first))


def _units(held: int | tuple[Waiting, ...]) -> int:
    """A balance as it is kept, or the sum of awards that wait."""
    return held if isinstance(held, int) else sum(waiting.units for waiting in held)
