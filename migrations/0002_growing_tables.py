"""The growing tables, as SQL: each has company_id at the head of its primary key, which no ORM here can say.

On SQLite WITHOUT ROWID keeps a company's rows together, so a busy company dirties few pages however many others there
are. On PostgreSQL columns stand from the widest to the narrowest, so that nothing is lost between them; texts are
compared byte by byte, as SQLite does and as no update of the system's locales can change under an index; and pages of
rows that are written again and again keep room for the next copy, which then needs no entry in any index.

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


# Rows that are written again with each commit: room on the page, cleaned soon, and documents kept beside their row, since
# one that is kept apart is written apart each time as well.
_OFTEN: Final = "fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500, toast_tuple_target = 8160"
POSTGRES: Final = (
    f"""CREATE TABLE engage_head (
        company_id BIGINT PRIMARY KEY,
        seq BIGINT NOT NULL,
        links BIGINT NOT NULL,
        program_id INTEGER NOT NULL,
        chain BYTEA NOT NULL,
        state BYTEA NOT NULL
    ) WITH ({_OFTEN})""",
    """CREATE TABLE engage_member (
        company_id BIGINT NOT NULL,
        id BIGINT NOT NULL,
        external_id TEXT COLLATE "C" NOT NULL,
        state BYTEA NOT NULL,
        PRIMARY KEY (company_id, id)
    ) WITH (fillfactor = 80, toast_tuple_target = 8160)""",
    "CREATE UNIQUE INDEX engage_member_external ON engage_member (company_id, external_id)",
    "CREATE INDEX engage_member_person ON engage_member (external_id)",
    """CREATE TABLE engage_entry (
        company_id BIGINT NOT NULL,
        seq BIGINT NOT NULL,
        previous BIGINT NOT NULL,
        at BIGINT NOT NULL,
        received_at BIGINT NOT NULL,
        member_id INTEGER NOT NULL,
        program_id INTEGER NOT NULL,
        day INTEGER NOT NULL,
        kind SMALLINT NOT NULL,
        hour SMALLINT NOT NULL,
        name TEXT COLLATE "C" NOT NULL,
        body BYTEA NOT NULL,
        decision BYTEA NOT NULL,
        PRIMARY KEY (company_id, seq)
    )""",
    """CREATE TABLE engage_message (
        company_id BIGINT NOT NULL,
        seq BIGINT NOT NULL,
        digest BIGINT NOT NULL,
        day INTEGER NOT NULL,
        hash BYTEA NOT NULL,
        PRIMARY KEY (company_id, day, hash)
    )""",
    """CREATE TABLE engage_transfer (
        company_id BIGINT NOT NULL,
        seq BIGINT NOT NULL,
        amount BIGINT NOT NULL,
        source INTEGER NOT NULL,
        target INTEGER NOT NULL,
        n SMALLINT NOT NULL,
        rule SMALLINT NOT NULL,
        currency TEXT COLLATE "C" NOT NULL,
        PRIMARY KEY (company_id, seq, n)
    )""",
    """CREATE TABLE engage_link (
        company_id BIGINT NOT NULL,
        number BIGINT NOT NULL,
        last_seq BIGINT NOT NULL,
        hash BYTEA NOT NULL,
        PRIMARY KEY (company_id, number)
    )""",
    f"""CREATE TABLE engage_rollup (
        company_id BIGINT NOT NULL,
        day INTEGER NOT NULL,
        document BYTEA NOT NULL,
        PRIMARY KEY (company_id, day)
    ) WITH ({_OFTEN})""",
    """CREATE TABLE engage_held (
        company_id BIGINT NOT NULL,
        received_at BIGINT NOT NULL,
        day INTEGER NOT NULL,
        subject TEXT COLLATE "C" NOT NULL,
        hash BYTEA NOT NULL,
        call BYTEA NOT NULL,
        PRIMARY KEY (company_id, subject, day, hash)
    )""",
    """CREATE TABLE engage_reject (
        company_id BIGINT NOT NULL,
        received_at BIGINT NOT NULL,
        n BIGINT NOT NULL,
        code TEXT COLLATE "C" NOT NULL,
        message TEXT NOT NULL,
        call BYTEA NOT NULL,
        PRIMARY KEY (company_id, received_at, n)
    )""",
    """CREATE TABLE engage_week (
        company_id BIGINT NOT NULL,
        monday INTEGER NOT NULL,
        document BYTEA NOT NULL,
        PRIMARY KEY (company_id, monday)
    )""",
    """CREATE TABLE engage_score (
        company_id BIGINT NOT NULL,
        as_of INTEGER NOT NULL,
        document BYTEA NOT NULL,
        PRIMARY KEY (company_id, as_of)
    )""",
    """CREATE TABLE engage_term (
        company_id BIGINT NOT NULL,
        start INTEGER NOT NULL,
        document BYTEA NOT NULL,
        PRIMARY KEY (company_id, start)
    )""",
    """ALTER TABLE engage_company ALTER COLUMN external_id TYPE VARCHAR(255) COLLATE "C" """,
)
_DOCUMENTS: Final = {
    "engage_head": "state",
    "engage_member": "state",
    "engage_entry": "body",
    "engage_rollup": "document",
    "engage_held": "call",
    "engage_reject": "call",
    "engage_week": "document",
    "engage_score": "document",
    "engage_term": "document",
}
_HAS_LZ4: Final = (
    "SELECT 1 FROM pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY(enumvals)"
)


async def create_tables(_apps: object, editor: Any) -> None:
    if editor.DIALECT == "sqlite":
        for statement in SQLITE:
            await editor.client.execute_query(statement)
        return
    for statement in POSTGRES:
        await editor.client.execute_query(statement)
    count, _ = await editor.client.execute_query(_HAS_LZ4)
    if count:  # not every server was built with it; large documents then take longer to pack
        for table, column in _DOCUMENTS.items():
            await editor.client.execute_query(
                f"ALTER TABLE {table} ALTER COLUMN {column} SET COMPRESSION lz4"
            )


class Migration(migrations.Migration):
    dependencies = [("engage", "0001_initial")]
    operations = [ops.RunPython(create_tables)]
