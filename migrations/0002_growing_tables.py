"""The growing tables, as SQL: each has company_id at the head of its primary key, which no ORM here can say.

WITHOUT ROWID keeps a company's rows together, so a busy company dirties few pages however many others there are.
How they may change: columns are only ever added, with a default; a table is never remade (SQLite's remake drops
child rows and indexes).
"""

from __future__ import annotations

from typing import Any, Final

from tortoise import migrations
from tortoise.migrations import operations as ops

SQLITE: Final = (
    # The head of a company's log, and the row whose lock is the company's turn.
    """CREATE TABLE engage_head (
        company_id INTEGER PRIMARY KEY,
        seq INTEGER NOT NULL,
        links INTEGER NOT NULL,
        chain BLOB NOT NULL,
        program_id INTEGER NOT NULL,
        state BLOB NOT NULL
    )""",
    """CREATE TABLE engage_member (
        company_id INTEGER NOT NULL,
        id INTEGER NOT NULL,
        external_id TEXT NOT NULL,
        state BLOB NOT NULL,
        PRIMARY KEY (company_id, id)
    ) WITHOUT ROWID""",
    "CREATE UNIQUE INDEX engage_member_external ON engage_member (company_id, external_id)",
    # For calls that name no company: the only company a member is known in.
    "CREATE INDEX engage_member_person ON engage_member (external_id)",
    # The log. member_id 0: the entry concerns the company alone. previous: the member's entry before this one.
    """CREATE TABLE engage_entry (
        company_id INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        kind INTEGER NOT NULL,
        member_id INTEGER NOT NULL,
        previous INTEGER NOT NULL,
        at INTEGER NOT NULL,
        received_at INTEGER NOT NULL,
        day INTEGER NOT NULL,
        hour INTEGER NOT NULL,
        program_id INTEGER NOT NULL,
        name TEXT NOT NULL,
        body BLOB NOT NULL,
        decision BLOB NOT NULL,
        PRIMARY KEY (company_id, seq)
    ) WITHOUT ROWID""",
    # Dedupe, kept for ever. The day comes before the hash so that a live company inserts into few pages.
    """CREATE TABLE engage_message (
        company_id INTEGER NOT NULL,
        day INTEGER NOT NULL,
        hash BLOB NOT NULL,
        seq INTEGER NOT NULL,
        digest INTEGER NOT NULL,
        PRIMARY KEY (company_id, day, hash)
    ) WITHOUT ROWID""",
    """CREATE TABLE engage_transfer (
        company_id INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        n INTEGER NOT NULL,
        currency TEXT NOT NULL,
        source INTEGER NOT NULL,
        target INTEGER NOT NULL,
        amount INTEGER NOT NULL,
        rule INTEGER NOT NULL,
        PRIMARY KEY (company_id, seq, n)
    ) WITHOUT ROWID""",
    # The hash chain: one link per commit of a company.
    """CREATE TABLE engage_link (
        company_id INTEGER NOT NULL,
        number INTEGER NOT NULL,
        last_seq INTEGER NOT NULL,
        hash BLOB NOT NULL,
        PRIMARY KEY (company_id, number)
    ) WITHOUT ROWID""",
    """CREATE TABLE engage_rollup (
        company_id INTEGER NOT NULL,
        day INTEGER NOT NULL,
        document BLOB NOT NULL,
        PRIMARY KEY (company_id, day)
    ) WITHOUT ROWID""",
    # Calls that wait for an identity or a company. company_id 0: not attributed yet.
    """CREATE TABLE engage_held (
        company_id INTEGER NOT NULL,
        subject TEXT NOT NULL,
        day INTEGER NOT NULL,
        hash BLOB NOT NULL,
        received_at INTEGER NOT NULL,
        call BLOB NOT NULL,
        PRIMARY KEY (company_id, subject, day, hash)
    ) WITHOUT ROWID""",
    # What could not be accepted, and why. company_id 0: none could be told.
    """CREATE TABLE engage_reject (
        company_id INTEGER NOT NULL,
        received_at INTEGER NOT NULL,
        n INTEGER NOT NULL,
        code TEXT NOT NULL,
        message TEXT NOT NULL,
        call BLOB NOT NULL,
        PRIMARY KEY (company_id, received_at, n)
    ) WITHOUT ROWID""",
    # Frozen weekly measures, scores and contract terms: what reports read.
    """CREATE TABLE engage_week (
        company_id INTEGER NOT NULL,
        monday INTEGER NOT NULL,
        document BLOB NOT NULL,
        PRIMARY KEY (company_id, monday)
    ) WITHOUT ROWID""",
    """CREATE TABLE engage_score (
        company_id INTEGER NOT NULL,
        as_of INTEGER NOT NULL,
        document BLOB NOT NULL,
        PRIMARY KEY (company_id, as_of)
    ) WITHOUT ROWID""",
    """CREATE TABLE engage_term (
        company_id INTEGER NOT NULL,
        start INTEGER NOT NULL,
        document BLOB NOT NULL,
        PRIMARY KEY (company_id, start)
    ) WITHOUT ROWID""",
)


async def create_tables(_apps: object, editor: Any) -> None:
    for statement in SQLITE:
        await editor.client.execute_query(statement)


class Migration(migrations.Migration):
    dependencies = [("engage", "0001_initial")]
    operations = [ops.RunPython(create_tables)]
