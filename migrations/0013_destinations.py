"""Destinations of the signal: where it is pushed, the newest signal of each company, and how far each was told.

Growing tables, as in 0002, and they may change as those do: columns are only ever added, with a default.
"""

from __future__ import annotations

from typing import Any, Final

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

TABLES: Final = (
    # One per company: what is said of it now. at: when it was made, microseconds UTC.
    """CREATE TABLE engage_signal (
        company_id {number} NOT NULL,
        at {number} NOT NULL,
        document {bytes} NOT NULL,
        PRIMARY KEY (company_id)
    ){without_rowid}""",
    # One per company and destination: the `at` of the last signal it has accepted.
    """CREATE TABLE engage_pushed (
        company_id {number} NOT NULL,
        destination_id {number} NOT NULL,
        at {number} NOT NULL,
        PRIMARY KEY (company_id, destination_id)
    ){without_rowid}""",
)


async def create_tables(_apps: object, editor: Any) -> None:
    sqlite = editor.DIALECT == "sqlite"
    marks = {
        "number": "INTEGER" if sqlite else "BIGINT",
        "bytes": "BLOB" if sqlite else "BYTEA",
        "without_rowid": " WITHOUT ROWID" if sqlite else "",
    }
    for statement in TABLES:
        await editor.client.execute_query(statement.format(**marks))


class Migration(migrations.Migration):
    dependencies = [("engage", "0012_referral")]
    operations = [
        ops.CreateModel(
            name="Destination",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("url", fields.TextField(unique=False)),
                ("key", fields.CharField(max_length=255)),
                ("description", fields.CharField(max_length=255)),
                ("created_at", fields.BigIntField()),
                ("attempts", fields.IntField()),
                ("next_at", fields.BigIntField()),
                ("failing_since", fields.BigIntField(null=True)),
                ("failure", fields.CharField(max_length=255)),
                ("disabled_at", fields.BigIntField(null=True)),
            ],
            options={
                "table": "engage_destination",
                "app": "engage",
                "pk_attr": "id",
                "table_description": "Where the signal is pushed to. The key must be sent, so it is kept as it is.",
            },
            bases=["Model"],
        ),
        ops.RunPython(create_tables),
    ]
