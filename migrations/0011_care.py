"""What customer success plans, does and thinks of a company: goals, interventions, sentiment, exceptions.

A growing table, as in 0002, and it may change as those do: columns are only ever added, with a default.
"""

from __future__ import annotations

from typing import Any, Final

from tortoise import migrations
from tortoise.migrations import operations as ops

# kind: goal, intervention, sentiment or ceiling. document: JSON of the shape in engage.core.care.
TABLE: Final = """CREATE TABLE engage_care (
    company_id {number} NOT NULL,
    kind {text} NOT NULL,
    id {text} NOT NULL,
    document {bytes} NOT NULL,
    PRIMARY KEY (company_id, kind, id)
){without_rowid}"""


async def create_table(_apps: object, editor: Any) -> None:
    sqlite = editor.DIALECT == "sqlite"
    marks = {
        "number": "INTEGER" if sqlite else "BIGINT",
        "text": "TEXT" if sqlite else 'TEXT COLLATE "C"',
        "bytes": "BLOB" if sqlite else "BYTEA",
        "without_rowid": " WITHOUT ROWID" if sqlite else "",
    }
    await editor.client.execute_query(TABLE.format(**marks))


class Migration(migrations.Migration):
    dependencies = [("engage", "0010_stated_terms")]
    operations = [ops.RunPython(create_table)]
