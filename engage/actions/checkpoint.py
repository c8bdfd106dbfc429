"""Taking a checkpoint of a company that was just replayed and found to agree.

The state is written first, in small transactions that hold nobody up, and counts for nothing until the CHECKPOINT
entry is in the log, which one short transaction under the company's turn puts there. What was written before that and
then abandoned is overwritten or forgotten by the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Final

from engage.actions.replay import Replay
from engage.actions.turns import Turns
from engage.core.chain import GENESIS
from engage.core.checkpoint import Checkpoint, checkpoint_hash, said, state_items
from engage.core.event import SEMANTICS, Body, Kind, decode_body
from engage.errors import Conflict
from engage.store.archived import INSERT_FILES, File, files_hash, moments_hash
from engage.store.checkpoints import (
    Packing,
    drop_parts,
    insert_checkpoint,
    insert_parts,
    is_kept,
    is_kept_whole,
    load_bodies,
    messages_hash,
    newest_checkpoint,
    other_parts,
)
from engage.store.database import Database
from engage.store.statements import Transaction

PARTS_PER_TRANSACTION: Final = 16
"""About 400 KB."""
PARTS_DROPPED_AT_ONCE: Final = 64


async def take_checkpoint(
    database: Database, replay: Replay, *, archived: int = 0, files: Sequence[File] = (), now: int
) -> int | None:
    """Keep the state where `replay` stands and say so in the log; the seq of the CHECKPOINT entry.

    With `archived`, entries up to it are in `files`, and may be dropped from then on. None when one of them was
    undone after the entry where the replay stands: then replay further, and try again. Raises Conflict when another
    process does the same.
    """
    checkpoint = await _write_state(database, replay, archived, files)
    id = replay.id

    async def seal(tx: Transaction) -> int | None:
        turns = Turns(tx)
        await turns.take([id])
        taken = await newest_checkpoint(tx, id)
        if taken != max(replay.checkpoints, default=0) or not await is_kept(tx, id, checkpoint.kept_as):
            raise _not_alone(replay)
        bodies = await load_bodies(tx, id, checkpoint.seq, Kind.REVERSAL)
        if any(decode_body(body).data["seq"] <= checkpoint.archived for body in bodies):
            return None
        appended = turns[id].append("", Kind.CHECKPOINT, now, now, "", Body("", said(checkpoint)))
        rows = [(id, *file) for file in files]
        sealed = insert_checkpoint(id, appended.entry.seq, checkpoint)
        await tx.insert([sealed, (INSERT_FILES, rows)], scope=[id])
        await turns.save()
        return appended.entry.seq

    entry = await database.write(seal)
    if entry is not None:
        await _forget_other_states(database, id, checkpoint.kept_as)
    return entry


def _not_alone(replay: Replay) -> Conflict:
    return Conflict(f"another process is taking a checkpoint of {replay.name}")


async def _write_state(
    database: Database, replay: Replay, archived: int, files: Sequence[File]
) -> Checkpoint:
    id, seq = replay.id, replay.seq
    archived = max(archived, replay.archived)
    packing = Packing(id)
    rows = packing.add(state_items(replay.company, replay.rollups, replay.members.states()))
    while some := list(islice(rows, PARTS_PER_TRANSACTION)):
        await _insert_parts(database, id, some)
    await _insert_parts(database, id, list(packing.end()))
    async with database.read() as s:
        # Nothing else could bring it back once entries are dropped.
        if not await is_kept_whole(s, id, packing.kept_as, packing.hash()):
            raise _not_alone(replay)
        messages, message_rows = await messages_hash(s, id, seq)
        file_rows = await files_hash(s, id, files)
        moments = await moments_hash(s, id, archived)
    newest = replay.checkpoints[max(replay.checkpoints)] if replay.checkpoints else None
    return Checkpoint(
        seq=seq,
        links=replay.number,
        chain=replay.chain,
        decided_by=replay.semantics,
        semantics=SEMANTICS,
        archived=archived,
        kept_as=packing.kept_as,
        state=packing.hash(),
        transfers=replay.transfers.digest(),
        link_rows=replay.link_rows.digest(),
        messages=messages,
        message_rows=message_rows,
        files=file_rows,
        moments=moments,
        previous=checkpoint_hash(newest) if newest else GENESIS,
    )


async def _insert_parts(database: Database, id: int, rows: list[tuple[object, ...]]) -> None:
    if rows:
        await database.write(lambda tx: tx.insert([insert_parts(rows)], scope=[id]))


async def _forget_other_states(database: Database, id: int, kept_as: int) -> None:
    """Only the newest state is needed, and what was abandoned is of no use."""
    while True:
        async with database.read() as s:
            other = await other_parts(s, id, kept_as)
        if other is None:
            return
        stale, parts = other
        first = max(0, parts - PARTS_DROPPED_AT_ONCE)
        await database.write(lambda tx, stale=stale, first=first: drop_parts(tx, id, stale, first))  # type: ignore[misc]
