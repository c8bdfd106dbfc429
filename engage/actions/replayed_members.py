"""All members of a company as a replay has them, however many: the latest in memory, the others in a scratch file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec
from msgspec import Struct

from engage.core.ledger import ACTIVE, HELD, PENDING
from engage.core.state import MemberState, decode_member, encode_state
from engage.store.scratch import Scratch

MEMBERS_IN_MEMORY: Final = 4000
BALANCES: Final = {ACTIVE: "active", HELD: "held", PENDING: "pending"}
"""The accounts of a member whose balance stands in the wallet, and under which name."""


class Kept(Struct):
    """A member as replayed: no state yet where only transfers name it.

    `balances`: of the accounts in BALANCES, by place and currency, from transfers.
    """

    state: MemberState | None
    balances: dict[int, dict[str, int]]


class Members:
    """All members of a company, the latest in memory."""

    def __init__(self) -> None:
        self._scratch = Scratch()
        self._held: dict[int, Kept] = {}

    def close(self) -> None:
        self._scratch.close()

    def of(self, number: int) -> Kept:
        kept = self._held.pop(number, None)
        if kept is None:
            found = self._scratch.get(number)
            kept = Kept(None, {})
            if found is not None:
                kept.state = decode_member(found[1]) if found[1] is not None else None
                kept.balances = _decode_balances(found[2])
        self._held[number] = kept
        if len(self._held) > MEMBERS_IN_MEMORY:
            self._put_away(MEMBERS_IN_MEMORY // 2)
        return kept

    def state(self, number: int) -> MemberState:
        kept = self.of(number)
        if kept.state is None:
            kept.state = MemberState()
        return kept.state

    def _put_away(self, count: int) -> None:
        """The `count` that were used least recently."""
        numbers = list(self._held)[:count]
        self._scratch.put(
            (number, encode_state(kept.state) if kept.state else None, _encode(kept.balances))
            for number, kept in ((number, self._held[number]) for number in numbers)
        )
        for number in numbers:
            del self._held[number]

    def in_order(self) -> Iterator[tuple[int, Kept]]:
        self._put_away(len(self._held))
        for number, state, balances in self._scratch.in_order():
            yield (
                number,
                Kept(decode_member(state) if state is not None else None, _decode_balances(balances)),
            )

    def states(self) -> Iterator[tuple[int, MemberState]]:
        return ((number, kept.state) for number, kept in self.in_order() if kept.state is not None)


_encode = msgspec.msgpack.Encoder().encode
_decode_balances = msgspec.msgpack.Decoder(dict[int, dict[str, int]]).decode
