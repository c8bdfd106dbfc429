"""When a release decides by other rules than the one before: a checkpoint of a company before it decides anything.

From there a replay starts, so it never decides again what other rules decided. Called under the company's turn, with
the state as it is stored: what led to it only the release before could decide again. Once per company and such release.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engage import clock
from engage.actions.sealing import seal
from engage.core.event import SEMANTICS
from engage.errors import Unavailable
from engage.store.statements import Statements, Transaction

if TYPE_CHECKING:
    from engage.actions.turns import Turn


async def adopt_rules(s: Statements, turn: Turn) -> None:
    """Write the checkpoint from which on this release's rules hold, in the transaction that has the turn.

    Raises Unavailable outside of one, and when the company was decided by a newer release than this.
    """
    if turn.head.state.semantics > SEMANTICS:
        raise Unavailable("a newer release of Engage has taken over; this one may not decide any more")
    if not isinstance(s, Transaction):
        raise Unavailable("the rules have changed; this takes a transaction")
    await seal(s, turn, clock.now())
