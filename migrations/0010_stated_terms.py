"""Contract terms that companies' traits stated.

A growing table, as in 0002, and it may change as those do: columns are only ever added, with a default.
"""

from __future__ import annotations

from typing import Any, Final

from tortoise import migrations
from tortoise.migrations import operations as ops

# One per company and first day. document: a Term.
TABLE: Final = """CREATE TABLE engage_stated_term (
    company_id {number} NOT NULL,
    start INTEGER NOT NULL,
    document {bytes} NOT NULL,
    PRIMARY KEY (company_id, start)
){without_rowid}"""


async def create_table(_apps: object, editor: Any) -> None:
    sqlite = editor.DIALECT == "sqlite"
    marks = {
        "number": "INTEGER" if sqlite else "BIGINT",
        "bytes": "BLOB" if sqlite else "BYTEA",
        "without_rowid": " WITHOUT ROWID" if sqlite else "",
    }
    await editor.client.execute_query(TABLE.format(**marks))


class Migration(migrations.Migration):
    dependencies = [("engage", "0009_leaderboards")]
    operations = [ops.RunPython(create_table)]
