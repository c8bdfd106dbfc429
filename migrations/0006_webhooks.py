"""Webhooks: endpoints of the host, the outbox, and how far each endpoint was told of each company.

Growing tables, as in 0002, and they may change as those do: columns are only ever added, with a default.
"""

from __future__ import annotations

from typing import Any, Final

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

TABLES: Final = (
    # One per notice, written with what it tells of; dropped some weeks later. at: when, microseconds UTC.
    """CREATE TABLE engage_outbox (
        company_id {number} NOT NULL,
        seq {number} NOT NULL,
        n INTEGER NOT NULL,
        at {number} NOT NULL,
        type TEXT NOT NULL,
        data {bytes} NOT NULL,
        PRIMARY KEY (company_id, seq, n)
    ){without_rowid}""",
    # One per company and endpoint that was ever sent something: the last notice that is settled, and when to try the
    # next again.
    """CREATE TABLE engage_delivery (
        company_id {number} NOT NULL,
        endpoint_id {number} NOT NULL,
        seq {number} NOT NULL,
        n INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        next_at {number} NOT NULL,
        PRIMARY KEY (company_id, endpoint_id)
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
    dependencies = [("engage", "0005_rewards")]
    operations = [
        ops.CreateModel(
            name="WebhookEndpoint",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("url", fields.TextField(unique=False)),
                ("types", fields.TextField(unique=False)),
                ("description", fields.CharField(max_length=255)),
                ("secret", fields.CharField(max_length=128)),
                ("previous_secret", fields.CharField(max_length=128)),
                ("previous_until", fields.BigIntField()),
                ("since", fields.BigIntField()),
                ("created_at", fields.BigIntField()),
                ("failing_since", fields.BigIntField(null=True)),
                ("failure", fields.CharField(max_length=255)),
                ("disabled_at", fields.BigIntField(null=True)),
            ],
            options={
                "table": "engage_webhook_endpoint",
                "app": "engage",
                "pk_attr": "id",
                "table_description": "Where the host wants to be told of notices. Secrets must be known to sign, so they are kept as they are.",
            },
            bases=["Model"],
        ),
        ops.RunPython(create_tables),
    ]
