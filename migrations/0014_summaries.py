"""Summaries: the newest score of each company in short, so that lists of companies read one small row of each.

A growing table, as in 0002, and it may change as those do: columns are only ever added, with a default. It begins with
the newest of the scores that are there.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from tortoise import migrations
from tortoise.migrations import operations as ops

# document: msgpack of the shape in engage.core.portfolio.
TABLE: Final = """CREATE TABLE engage_summary (
    company_id {number} NOT NULL,
    document {bytes} NOT NULL,
    PRIMARY KEY (company_id)
){without_rowid}"""

NEWEST: Final = (
    "SELECT s.company_id, s.as_of, s.document FROM engage_score s JOIN "
    "(SELECT company_id, MAX(as_of) AS as_of FROM engage_score GROUP BY company_id) n "
    "ON n.company_id = s.company_id AND n.as_of = s.as_of"
)
INSERT: Final = "INSERT INTO engage_summary (company_id, document) VALUES ({marks})"


async def create_table(_apps: object, editor: Any) -> None:
    sqlite = editor.DIALECT == "sqlite"
    marks = {
        "number": "INTEGER" if sqlite else "BIGINT",
        "bytes": "BLOB" if sqlite else "BYTEA",
        "without_rowid": " WITHOUT ROWID" if sqlite else "",
    }
    await editor.client.execute_query(TABLE.format(**marks))
    _, rows = await editor.client.execute_query(NEWEST)
    insert = INSERT.format(marks="?, ?" if sqlite else "$1, $2")
    for company_id, as_of, document in rows:
        await editor.client.execute_query(insert, [company_id, _summary(as_of, bytes(document))])


def _summary(as_of: int, document: bytes) -> bytes:
    """As scores and summaries are at the time of this migration."""
    scored = msgspec.msgpack.decode(document)
    health, stage = scored["health"], scored.get("stage")
    worst = min(health.get("drivers", ()), key=lambda driver: driver["contribution"], default=None)
    return msgspec.msgpack.encode(
        (
            as_of,
            health["score"],
            health["band"],
            health["confidence"],
            health.get("change_4w"),
            health.get("change_13w"),
            health["verdict"],
            worst["name"] if worst is not None and worst["contribution"] < 0 else None,
            scored.get("recent", [])[1:],
            stage["stage"] if stage else None,
        )
    )


class Migration(migrations.Migration):
    dependencies = [("engage", "0013_destinations")]
    operations = [ops.RunPython(create_table)]
