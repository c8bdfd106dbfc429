"""Invitations and who joined by them: growing tables, as in 0002, that may change as those do: columns are only ever
added, with a default. And companies' powered-by links: host-level tables, as Tortoise generated them.
"""

from __future__ import annotations

from typing import Any, Final

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

TABLES: Final = (
    # id: the entry's. to_id: whom it names, 0 for whoever takes it. day: the local one it was sent on.
    """CREATE TABLE engage_invitation (
        company_id {number} NOT NULL,
        id {number} NOT NULL,
        member_id INTEGER NOT NULL,
        to_id INTEGER NOT NULL,
        sent_at {number} NOT NULL,
        day INTEGER NOT NULL,
        channel {text} NOT NULL,
        code {text} NOT NULL,
        PRIMARY KEY (company_id, id)
    ){without_rowid}""",
    "CREATE UNIQUE INDEX engage_invitation_code ON engage_invitation (company_id, code)",
    "CREATE INDEX engage_invitation_member ON engage_invitation (company_id, member_id, id)",
    # One per member who joined by an invitation; 0 once that was undone. joined, active: by which entries.
    # brought: the entry that brought the inviter theirs.
    """CREATE TABLE engage_referred (
        company_id {number} NOT NULL,
        member_id INTEGER NOT NULL,
        invitation {number} NOT NULL,
        inviter_id INTEGER NOT NULL,
        joined {number} NOT NULL,
        active {number} NOT NULL,
        brought {number} NOT NULL,
        changed_at {number} NOT NULL,
        PRIMARY KEY (company_id, member_id)
    ){without_rowid}""",
    "CREATE INDEX engage_referred_invitation ON engage_referred (company_id, invitation)",
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
    dependencies = [("engage", "0011_care")]
    operations = [
        ops.RunPython(create_tables),
        ops.CreateModel(
            name="PoweredLink",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("company_id", fields.BigIntField(unique=True)),
                ("code", fields.CharField(unique=True, max_length=64)),
                ("created_at", fields.BigIntField()),
            ],
            options={
                "table": "engage_powered_link",
                "app": "engage",
                "pk_attr": "id",
                "table_description": "The code by which a company's recommendations are known, in the link that the host prints in its product.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Follow",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("company_id", fields.BigIntField()),
                ("day", fields.IntField()),
                ("channel", fields.CharField(max_length=64)),
                ("times", fields.BigIntField()),
            ],
            options={
                "table": "engage_follow",
                "app": "engage",
                "unique_together": (("company_id", "day", "channel"),),
                "pk_attr": "id",
                "table_description": "How often a company's powered-by link was followed on one UTC day.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Recommendation",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("company_id", fields.BigIntField(unique=True)),
                ("by_id", fields.BigIntField(db_index=True)),
                ("channel", fields.CharField(max_length=64)),
                ("actor", fields.CharField(max_length=255)),
                ("at", fields.BigIntField()),
            ],
            options={
                "table": "engage_recommendation",
                "app": "engage",
                "pk_attr": "id",
                "table_description": "Which company recommended another one to the host.",
            },
            bases=["Model"],
        ),
    ]
