"""Redemptions as lists show them, and the voucher codes that some rewards hand out.

Growing tables, as in 0002, and they may change as those do: columns are only ever added, with a default.
"""

from __future__ import annotations

from typing import Any, Final

from tortoise import migrations
from tortoise.migrations import operations as ops

INDEXES: Final = (
    "CREATE INDEX engage_redemption_member ON engage_redemption (company_id, member_id, id)",
    "CREATE INDEX engage_redemption_status ON engage_redemption (company_id, status, id)",
    # The same code uploaded twice is one code, and a redemption is handed one at most.
    "CREATE UNIQUE INDEX engage_code_hash ON engage_code (company_id, reward, hash)",
    "CREATE UNIQUE INDEX engage_code_redemption ON engage_code (company_id, redemption) WHERE redemption > 0",
    "CREATE INDEX engage_code_free ON engage_code (company_id, reward, n) WHERE redemption = 0",
)

SQLITE: Final = (
    # One per redemption, for ever. id: the seq of its first step. The log and the members' states decide; this is how
    # they are listed, with who did each step and why.
    """CREATE TABLE engage_redemption (
        company_id INTEGER NOT NULL,
        id INTEGER NOT NULL,
        member_id INTEGER NOT NULL,
        status INTEGER NOT NULL,
        requested_at INTEGER NOT NULL,
        changed_at INTEGER NOT NULL,
        amount INTEGER NOT NULL,
        reward TEXT NOT NULL,
        currency TEXT NOT NULL,
        steps BLOB NOT NULL,
        PRIMARY KEY (company_id, id)
    ) WITHOUT ROWID""",
    # Secrets: they stand here and nowhere else. n: their order. redemption: whose it is, 0 while it is nobody's.
    """CREATE TABLE engage_code (
        company_id INTEGER NOT NULL,
        reward TEXT NOT NULL,
        n INTEGER NOT NULL,
        hash BLOB NOT NULL,
        code TEXT NOT NULL,
        redemption INTEGER NOT NULL,
        uploaded_at INTEGER NOT NULL,
        actor TEXT NOT NULL,
        PRIMARY KEY (company_id, reward, n)
    ) WITHOUT ROWID""",
    *INDEXES,
)

POSTGRES: Final = (
    """CREATE TABLE engage_redemption (
        company_id BIGINT NOT NULL,
        id BIGINT NOT NULL,
        requested_at BIGINT NOT NULL,
        changed_at BIGINT NOT NULL,
        amount BIGINT NOT NULL,
        member_id INTEGER NOT NULL,
        status SMALLINT NOT NULL,
        reward TEXT COLLATE "C" NOT NULL,
        currency TEXT COLLATE "C" NOT NULL,
        steps BYTEA NOT NULL,
        PRIMARY KEY (company_id, id)
    ) WITH (fillfactor = 80)""",
    """CREATE TABLE engage_code (
        company_id BIGINT NOT NULL,
        n BIGINT NOT NULL,
        redemption BIGINT NOT NULL,
        uploaded_at BIGINT NOT NULL,
        reward TEXT COLLATE "C" NOT NULL,
        code TEXT NOT NULL,
        actor TEXT NOT NULL,
        hash BYTEA NOT NULL,
        PRIMARY KEY (company_id, reward, n)
    ) WITH (fillfactor = 90)""",
    *INDEXES,
)


async def create_tables(_apps: object, editor: Any) -> None:
    for statement in SQLITE if editor.DIALECT == "sqlite" else POSTGRES:
        await editor.client.execute_query(statement)


class Migration(migrations.Migration):
    dependencies = [("engage", "0004_agenda")]
    operations = [ops.RunPython(create_tables)]
