"""The agenda: on which local day a tick is due to whom, for the scheduler to look up. Derived from the members' state.

Growing tables, as in 0002, and they may change as those do: columns are only ever added, with a default.
"""

from __future__ import annotations

from typing import Any, Final

from tortoise import migrations
from tortoise.migrations import operations as ops

TABLES: Final = (
    # One per member whom something has ever awaited. due: local day (ordinal); 0 while nothing does.
    """CREATE TABLE engage_agenda (
        company_id {number} NOT NULL,
        member_id {number} NOT NULL,
        due INTEGER NOT NULL,
        PRIMARY KEY (company_id, member_id)
    ){without_rowid}""",
    "CREATE INDEX engage_agenda_due ON engage_agenda (company_id, due) WHERE due > 0",
    # One per company: the program version by which the agenda of all its members was last made.
    """CREATE TABLE engage_timetable (
        company_id {number} NOT NULL PRIMARY KEY,
        program_id {number} NOT NULL
    ){without_rowid}""",
)


async def create_tables(_apps: object, editor: Any) -> None:
    sqlite = editor.DIALECT == "sqlite"
    marks = {
        "number": "INTEGER" if sqlite else "BIGINT",
        "without_rowid": " WITHOUT ROWID" if sqlite else "",
    }
    for statement in TABLES:
        await editor.client.execute_query(statement.format(**marks))


class Migration(migrations.Migration):
    dependencies = [("engage", "0003_checkpoints")]
    operations = [ops.RunPython(create_tables)]
