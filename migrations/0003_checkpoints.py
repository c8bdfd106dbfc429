"""Checkpoints, what the archive holds, and the few times that outlive their entries.

Growing tables, as in 0002, and they may change as those do: columns are only ever added, with a default.
"""

from __future__ import annotations

from typing import Any, Final

from tortoise import migrations
from tortoise.migrations import operations as ops

SQLITE: Final = (
    # One per checkpoint, for ever: what its hash covers. entry: the CHECKPOINT entry that holds the hash.
    """CREATE TABLE engage_checkpoint (
        company_id INTEGER NOT NULL,
        entry INTEGER NOT NULL,
        document BLOB NOT NULL,
        PRIMARY KEY (company_id, entry)
    ) WITHOUT ROWID""",
    # The state of a checkpoint, packed, in parts of a few kilobytes. Of the newest alone. state: a number that no other
    # attempt at a checkpoint has; the checkpoint says which is its own.
    """CREATE TABLE engage_checkpoint_part (
        company_id INTEGER NOT NULL,
        state INTEGER NOT NULL,
        part INTEGER NOT NULL,
        document BLOB NOT NULL,
        PRIMARY KEY (company_id, state, part)
    ) WITHOUT ROWID""",
    # One per file of the archive, for ever: which entries it holds, of which month, and the hash of its bytes.
    """CREATE TABLE engage_archive (
        company_id INTEGER NOT NULL,
        first_seq INTEGER NOT NULL,
        last_seq INTEGER NOT NULL,
        entries INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        month TEXT NOT NULL,
        name TEXT NOT NULL,
        hash BLOB NOT NULL,
        PRIMARY KEY (company_id, first_seq)
    ) WITHOUT ROWID""",
    # When archived entries happened that the state still refers to: those that granted a badge.
    """CREATE TABLE engage_moment (
        company_id INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (company_id, seq)
    ) WITHOUT ROWID""",
)

POSTGRES: Final = (
    """CREATE TABLE engage_checkpoint (
        company_id BIGINT NOT NULL,
        entry BIGINT NOT NULL,
        document BYTEA NOT NULL,
        PRIMARY KEY (company_id, entry)
    )""",
    """CREATE TABLE engage_checkpoint_part (
        company_id BIGINT NOT NULL,
        state BIGINT NOT NULL,
        part INTEGER NOT NULL,
        document BYTEA NOT NULL,
        PRIMARY KEY (company_id, state, part)
    )""",
    # Packed already.
    "ALTER TABLE engage_checkpoint_part ALTER COLUMN document SET STORAGE EXTERNAL",
    """CREATE TABLE engage_archive (
        company_id BIGINT NOT NULL,
        first_seq BIGINT NOT NULL,
        last_seq BIGINT NOT NULL,
        entries BIGINT NOT NULL,
        bytes BIGINT NOT NULL,
        month TEXT COLLATE "C" NOT NULL,
        name TEXT COLLATE "C" NOT NULL,
        hash BYTEA NOT NULL,
        PRIMARY KEY (company_id, first_seq)
    )""",
    """CREATE TABLE engage_moment (
        company_id BIGINT NOT NULL,
        seq BIGINT NOT NULL,
        at BIGINT NOT NULL,
        PRIMARY KEY (company_id, seq)
    )""",
)


async def create_tables(_apps: object, editor: Any) -> None:
    for statement in SQLITE if editor.DIALECT == "sqlite" else POSTGRES:
        await editor.client.execute_query(statement)


class Migration(migrations.Migration):
    dependencies = [("engage", "0002_growing_tables")]
    operations = [ops.RunPython(create_tables)]
