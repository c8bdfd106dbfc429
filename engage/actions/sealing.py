"""A checkpoint of a company within the transaction that has its turn: nothing before it is decided again.

Needed where what led to the state is gone, or for another release to decide: a replay starts from the state as it is
stored. That takes a moment for a company of many members or a long history.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from engage.core.chain import GENESIS
from engage.core.checkpoint import Checkpoint, Rows, checkpoint_hash, member_items, said, state_items
from engage.core.event import SEMANTICS, Body, Kind
from engage.store.archived import files_hash, moments_hash
from engage.store.checkpoints import (
    Packing,
    drop_parts,
    insert_checkpoint,
    insert_parts,
    load_checkpoints,
    load_links,
    load_transfers,
    messages_hash,
    other_parts,
)
from engage.store.log import Writes, load_days, load_rollups
from engage.store.members import list_members
from engage.store.statements import Statements, Transaction

if TYPE_CHECKING:
    from engage.actions.turns import Turn

EVERY_DAY: Final = (0, 4_000_000)
ROWS_PER_READ: Final = 2000


async def seal(tx: Transaction, turn: Turn, now: int) -> int:
    """Keep the state as it stands in the database, which is all that the turn has, and say so in the log; the seq of
    the CHECKPOINT entry."""
    head = turn.head
    id, seq = head.company_id, head.seq
    packing = Packing(id)
    state = state_items(head.state, await load_days(tx, id, *EVERY_DAY), ())
    await tx.insert([insert_parts(list(packing.add(state)))], scope=[id])
    after = 0
    while members := await list_members(tx, id, after, ROWS_PER_READ):
        after = members[-1][0]
        items = member_items((number, member) for number, _, member in members)
        await tx.insert([insert_parts(list(packing.add(items)))], scope=[id])
    await tx.insert([insert_parts(list(packing.end()))], scope=[id])
    messages, message_rows = await messages_hash(tx, id, seq)
    before = await load_checkpoints(tx, id)
    checkpoint = Checkpoint(
        seq=seq,
        links=head.links,
        chain=head.chain,
        decided_by=head.state.semantics,
        semantics=SEMANTICS,
        archived=head.state.archived,
        kept_as=packing.kept_as,
        state=packing.hash(),
        transfers=await _transfers_hash(tx, id, seq),
        link_rows=await _links_hash(tx, id),
        messages=messages,
        message_rows=message_rows,
        files=await files_hash(tx, id),
        moments=await moments_hash(tx, id, head.state.archived),
        previous=checkpoint_hash(before[-1][1]) if before else GENESIS,
    )
    entry = turn.append("", Kind.CHECKPOINT, now, now, "", Body("", said(checkpoint))).entry
    # A commit of its own: whoever takes a turn need not append anything.
    turn.days |= {
        day: rollup for (_, day), rollup in (await load_rollups(tx, [(id, entry.day)], [id])).items()
    }
    writes = Writes()
    turn.close(writes)
    await tx.insert([insert_checkpoint(id, entry.seq, checkpoint), *writes.inserts()], scope=[id])
    while other := await other_parts(tx, id, packing.kept_as):
        await drop_parts(tx, id, other[0])
    return entry.seq


async def _links_hash(s: Statements, company_id: int) -> bytes:
    rows, number = Rows(), 0
    while links := await load_links(s, company_id, number, ROWS_PER_READ):
        rows.add(links)
        number = links[-1][0]
    return rows.digest()


async def _transfers_hash(s: Statements, company_id: int, last: int) -> bytes:
    rows = Rows()
    for after in range(0, last, ROWS_PER_READ):
        rows.add(await load_transfers(s, company_id, after, min(after + ROWS_PER_READ, last)))
    return rows.digest()
