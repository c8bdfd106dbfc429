"""The rows of leaderboards, derived from the members' states.

Growing tables, as in 0002, and they may change as those do: columns are only ever added, with a default.
"""

from __future__ import annotations

from typing import Any, Final

from tortoise import migrations
from tortoise.migrations import operations as ops

TABLES: Final = (
    # One per member, board and one of two periods in turn. board: its id and the seq of the publication that brought it.
    # start: the first local day of the period. shown: 1 when the member asked to be seen by colleagues.
    """CREATE TABLE engage_standing (
        company_id {number} NOT NULL,
        board {text} NOT NULL,
        slot INTEGER NOT NULL,
        member_id INTEGER NOT NULL,
        start INTEGER NOT NULL,
        score {number} NOT NULL,
        department {text} NOT NULL,
        shown INTEGER NOT NULL,
        PRIMARY KEY (company_id, board, slot, member_id)
    ){without_rowid}""",
    # Each has all that its questions ask for, so that these read no row beside it.
    """CREATE INDEX engage_standing_score
        ON engage_standing (company_id, board, slot, start, shown, score DESC, member_id) WHERE shown = 1""",
    """CREATE INDEX engage_standing_department
        ON engage_standing (company_id, board, slot, start, department, score) WHERE department <> ''""",
)


async def create_tables(_apps: object, editor: Any) -> None:
    sqlite = editor.DIALECT == "sqlite"
    marks = {
        "number": "INTEGER" if sqlite else "BIGINT",
        "text": "TEXT" if sqlite else 'TEXT COLLATE "C"',
        "without_rowid": " WITHOUT ROWID" if sqlite else "",
    }
    for statement in TABLES:
        await editor.client.execute_query(statement.format(**marks))


class Migration(migrations.Migration):
    dependencies = [("engage", "0008_adjustments")]
    operations = [ops.RunPython(create_tables)]
