"""Adjustments that wait, or waited, for a second person, for whoever looks for them. The log and the members' states decide.

A growing table, as in 0002, and it may change as those do: columns are only ever added, with a default.
"""

from __future__ import annotations

from typing import Any, Final

from tortoise import migrations
from tortoise.migrations import operations as ops

SQLITE: Final = """CREATE TABLE engage_adjustment (
    company_id INTEGER NOT NULL,
    id INTEGER NOT NULL,
    member_id INTEGER NOT NULL,
    requested_at INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    status INTEGER NOT NULL,
    currency TEXT NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT NOT NULL,
    settled_by TEXT NOT NULL,
    settled_for TEXT NOT NULL,
    PRIMARY KEY (company_id, id)
) WITHOUT ROWID"""
POSTGRES: Final = """CREATE TABLE engage_adjustment (
    company_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    requested_at BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    member_id INTEGER NOT NULL,
    status SMALLINT NOT NULL,
    currency TEXT COLLATE "C" NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT NOT NULL,
    settled_by TEXT NOT NULL,
    settled_for TEXT NOT NULL,
    PRIMARY KEY (company_id, id)
)"""

INDEX: Final = "CREATE INDEX engage_adjustment_status ON engage_adjustment (company_id, status, id)"


async def create_table(_apps: object, editor: Any) -> None:
    for statement in (SQLITE if editor.DIALECT == "sqlite" else POSTGRES, INDEX):
        await editor.client.execute_query(statement)


class Migration(migrations.Migration):
    dependencies = [("engage", "0007_templates")]
    operations = [ops.RunPython(create_table)]
