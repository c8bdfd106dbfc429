"""Ready for a cluster: what is spread by company stays together, and no statement of the hot path or of a company's
report needs more than the one place where the company lives.

There is no Citus here: its catalogue and its two functions are stood in for, and the statements that are sent are
looked at. What Citus itself makes of them is tried on a real cluster.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Any

import pytest

from engage.actions.group_commit import Ingestion
from engage.actions.report import company_report
from engage.actions.score import score_companies
from engage.errors import InvalidRequest
from engage.store import postgres_connections
from engage.store.companies import HOST
from engage.store.database import Database
from engage.store.migrate import distribute
from engage.store.scope import GROWING, PREFIX
from tests.actions.host import Host
from tests.actions.signal_host import TODAY, accept, publish_default, seats, working
from tests.places import ON_POSTGRES, ON_SQLITE, Place

pytestmark = [pytest.mark.untouched]

STAND_IN = (
    "CREATE TABLE pg_dist_partition (logicalrelid regclass, kind text, beside text)",
    """CREATE FUNCTION create_reference_table(regclass) RETURNS void LANGUAGE sql AS
    $$ INSERT INTO pg_dist_partition VALUES ($1, 'reference', '') $$""",
    """CREATE FUNCTION create_distributed_table(regclass, text, colocate_with text DEFAULT '') RETURNS void
    LANGUAGE sql AS $$ INSERT INTO pg_dist_partition VALUES ($1, $2, colocate_with) $$""",
)


@pytest.fixture
def cluster(place: Place) -> Place:
    for statement in STAND_IN:
        place.change(statement)
    return place


@ON_SQLITE
async def test_a_file_cannot_be_distributed(place: Place) -> None:
    with pytest.raises(InvalidRequest, match="only PostgreSQL"):
        await distribute(place.url)


@ON_POSTGRES
async def test_without_the_extension_it_says_what_to_do(place: Place) -> None:
    with pytest.raises(InvalidRequest, match="CREATE EXTENSION citus"):
        await distribute(place.url)


@ON_POSTGRES
async def test_every_table_is_distributed_once(cluster: Place) -> None:
    done = await distribute(cluster.url)
    assert await distribute(cluster.url) == []
    kinds = {
        str(name): (kind, beside)
        for name, kind, beside in cluster.rows(
            "SELECT logicalrelid::text, kind, beside FROM pg_dist_partition"
        )
    }
    assert kinds.keys() == set(done)
    assert {name for name, (kind, _) in kinds.items() if kind == "company_id"} == GROWING
    assert {name for name, (kind, _) in kinds.items() if kind == "reference"} >= {
        PREFIX + name for name in ("company", "program", "draft", "key", "session", "setting")
    }
    assert {beside for kind, beside in kinds.values() if kind == "company_id"} == {"", "engage_head"}


@ON_POSTGRES
async def test_what_must_be_unique_is_so_within_a_company(cluster: Place) -> None:
    """Citus refuses any other key, as two of its places cannot compare rows."""
    keys = cluster.rows(
        "SELECT c.relname::text, pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid "
        "WHERE i.indisunique AND c.relname LIKE 'engage%'"
    )
    growing = [(name, text) for name, text in keys if name in GROWING]
    assert {name for name, _ in growing} == GROWING
    for name, text in growing:
        assert "(company_id" in text, f"{name}: {text}"


class Sent:
    """The statements that reach a growing table, by the transaction they belong to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.statements: list[tuple[int, str, int | None]] = []
        self._fetch, self._run = postgres_connections.fetch, postgres_connections.run
        self._copy = postgres_connections.copy
        self._transaction: dict[int, int] = {}
        for name in ("fetch", "run", "copy"):
            monkeypatch.setattr(postgres_connections, name, getattr(self, name))

    async def fetch(self, connection: Any, text: str, bound: Sequence[Any] = ()) -> Any:
        self._note(connection, text, bound)
        return await self._fetch(connection, text, bound)

    async def run(self, connection: Any, text: str, bound: Sequence[Any] = ()) -> Any:
        self._note(connection, text, bound)
        return await self._run(connection, text, bound)

    async def copy(self, connection: Any, table: str, columns: Sequence[str], rows: Sequence[Any]) -> Any:
        companies = {row[columns.index("company_id")] for row in rows}
        assert len(companies) == 1, f"COPY {table} of {companies}"
        self.statements.append((self._number(connection), f"COPY {table}", companies.pop()))
        return await self._copy(connection, table, columns, rows)

    def _number(self, connection: Any) -> int:
        return self._transaction.get(id(connection), 0)

    def _note(self, connection: Any, text: str, bound: Sequence[Any]) -> None:
        if text.startswith("BEGIN"):
            self._transaction[id(connection)] = len(self._transaction) + len(self.statements) + 1
        if not any(re.search(rf"\b{table}\b", text) for table in GROWING):
            return
        self.statements.append((self._number(connection), text, self._company(text, bound)))

    @staticmethod
    def _company(text: str, bound: Sequence[Any]) -> int | None:
        """The one company that a statement is about; None when it may be about more."""
        if text.startswith("INSERT"):
            assert re.match(r"INSERT INTO \w+ \(company_id, ", text)
            assert "WITH" not in text
            companies = set(bound[0])
            return int(companies.pop()) if len(companies) == 1 else None
        if "ANY($1)" in text or not re.search(r"company_id = \$1\b", text):
            return None
        # Whatever else of a growing table is named is joined to the company that is bound.
        named = re.findall(rf"\b(?:FROM|JOIN) ({'|'.join(sorted(GROWING))})\b", text)
        assert len(re.findall(r"company_id = ", text)) >= len(named), text
        return int(bound[0])


@ON_POSTGRES
async def test_every_statement_of_the_hot_path_goes_to_one_place(
    cluster: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    await distribute(cluster.url)
    database = await Database.open(cluster.url)
    try:
        assert database.one_company_per_transaction
        host = Host(database, cluster)
        await host.publish()
        await host.send(*(host.track("ann", company=name) for name in ("acme", "globex")))
        sent = Sent(monkeypatch)
        ingestion = Ingestion(database)
        ingestion.start()
        calls = [
            host.track(f"u{n % 40}", company=("acme", "globex", "initech")[n % 3], messageId=f"m{n}")
            for n in range(300)
        ]
        told = await asyncio.gather(
            *(ingestion.accept(calls[start : start + 60]) for start in (0, 60, 120, 180, 240))
        )
        assert {one.status for outcomes in told for one in outcomes} == {"ok"}
        await ingestion.accept(calls)
        await ingestion.stop()
        await host.adjust("u0", 5, "a key")
        await host.reverse("m0")
        assert await host.balance("u0") is not None
        for _, text, company in sent.statements:
            assert company is not None, text
        together: dict[int, set[int]] = {}
        for number, _, company in sent.statements:
            if number and company is not None:
                together.setdefault(number, set()).add(company)
        # The host's own row is looked at once for a member's first call.
        assert all(len(companies - {HOST}) <= 1 for companies in together.values())
        assert any(text.startswith("COPY") for _, text, _ in sent.statements)
        assert (await host.verify()).difference is None
    finally:
        await database.close()


@ON_POSTGRES
async def test_every_statement_of_a_companys_report_goes_to_one_place(
    cluster: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    await distribute(cluster.url)
    database = await Database.open(cluster.url)
    try:
        await publish_default(database)
        await accept(database, [seats("acme", 15), *working("acme", 12, 14)])
        await score_companies(database, TODAY)
        sent = Sent(monkeypatch)
        assert (await company_report(database, "acme")).funnel
        assert sent.statements
        for _, text, company in sent.statements:
            assert company is not None, text
    finally:
        await database.close()
