"""PostgreSQL: sessions that read, and transactions that are run again when they lost a race or their connection.

Must not know a table. `postgres_connections` has the pools and the errors, `postgres_sql` the text of statements.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

import asyncpg

from engage.errors import Unavailable
from engage.store import postgres_connections as on
from engage.store import postgres_sql
from engage.store.orm import ALIAS, using
from engage.store.postgres_connections import (
    HISTORY,
    PASSING,
    RACES,
    TROUBLE,
    Connections,
    Patience,
    is_lost,
    patiently,
    refuse_strangers,
    terminate,
    told,
)
from engage.store.postgres_orm import OrmClient, OrmTransaction
from engage.store.scope import Scope, check_insert, check_keys
from engage.store.statements import OUTLIVED, Check, Insert, Row, Statements, Transaction

T = TypeVar("T")

READERS: Final = 6
WRITERS: Final = 4
"""Connections a process holds at most: ten of the server's max_connections, most of them only under load."""
COLLISIONS_MAX: Final = 3
"""Times that a key may be found taken by somebody quicker. More often it is a mistake of ours."""

_NUMBER: Final = "SELECT pg_current_xact_id_if_assigned()::text"
_TRY_LOCK: Final = "SELECT pg_try_advisory_lock(hashtext('engage'), hashtext($1))"
_UNLOCK: Final = "SELECT pg_advisory_unlock(hashtext('engage'), hashtext($1))"
_CITUS: Final = "SELECT to_regclass('pg_dist_partition') IS NOT NULL"
_DISTRIBUTED: Final = "SELECT count(*) > 0 FROM pg_dist_partition WHERE logicalrelid = to_regclass($1)"
_STATUS: Final = f"SELECT pg_xact_status($1::text::xid8), ({HISTORY})"


class PostgresStatements(Statements):
    """`Statements` by way of `fetch`, which each kind of session has its own."""

    async def fetch(self, text: str, bound: Sequence[Any]) -> list[Row]:
        raise NotImplementedError

    async def rows(self, sql: str, params: Sequence[Any] = (), *, scope: Scope) -> list[Row]:
        return await self.fetch(*postgres_sql.scoped(sql, params, scope))

    async def lookup(self, sql: str, keys: Sequence[Row], *, scope: Scope) -> list[Row]:
        check_keys(sql, keys, scope)
        if not keys:
            return []
        return await self.fetch(*postgres_sql.looked_up(sql, keys, scope))


class Reading(PostgresStatements):
    """Statements that each see what is committed by then, on one connection from the first to the last.

    One that is lost is replaced and the statement asked again: nothing was written, so nobody need know.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._connection: Any = None
        self._over = False
        self._turn = asyncio.Lock()
        self._orm = using(OrmClient(self, connection_name=ALIAS))

    async def __aenter__(self) -> Reading:
        self._orm.__enter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._orm.__exit__(None, None, None)
        self._over = True
        await self._let_go()

    async def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await self._connections.release(connection)

    async def fetch(self, text: str, bound: Sequence[Any]) -> list[Row]:
        patience = Patience()
        async with self._turn:
            assert not self._over, OUTLIVED
            while True:
                try:
                    if self._connection is None:
                        self._connection = await self._connections.acquire()
                    return await on.fetch(self._connection, text, bound)
                except PASSING:
                    await self._let_go()
                    if not await patience.lasts():
                        raise

    async def run(self, text: str, bound: Sequence[Any]) -> str:
        """What the server refuses: this session only reads."""
        await self.fetch(text, bound)
        return "0"


class Within(PostgresStatements):
    """Statements within a transaction, on its connection. Whatever fails ends it."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    async def fetch(self, text: str, bound: Sequence[Any]) -> list[Row]:
        return await on.fetch(self.connection, text, bound)

    async def run(self, text: str, bound: Sequence[Any]) -> str:
        return await on.run(self.connection, text, bound)


class PostgresTransaction(Within, Transaction):
    """`Transaction`. Others write meanwhile, so the rows that a decision rests on are to be locked."""

    locks_rows = True

    def __init__(self, connection: Any, *, distributed: bool = False) -> None:
        super().__init__(connection)
        self.distributed = distributed
        self.history: str = connection.history
        """Asked once it is lost, the connection does not tell."""
        self.number: str | None = None
        """What the server calls the transaction, once known."""

    async def lookup(self, sql: str, keys: Sequence[Row], *, scope: Scope, lock: bool = False) -> list[Row]:
        check_keys(sql, keys, scope)
        if not keys:
            return []
        return await self.fetch(
            *postgres_sql.looked_up(sql, keys, scope, "FOR NO KEY UPDATE" if lock else "")
        )

    async def insert(self, writes: Sequence[Insert], *, scope: Scope) -> None:
        """One statement, or on Citus one for each table, and a COPY for each that many rows are added to."""
        for sql, rows in writes:
            check_insert(sql, rows, scope)
        others = []
        for write in writes:
            copied = postgres_sql.copied(write)
            if copied is not None:
                await on.copy(self.connection, *copied, write[1])
            elif write[1]:
                others.append(write)
        if self.distributed:
            for write in others:
                await self.run(*postgres_sql.inserted_alone(write))
        elif others:
            self.number = (await self.fetch(*postgres_sql.inserted(others)))[0][0]

    async def holds(self, checks: Sequence[Check], scope: Scope) -> bool:
        """Whether the checks find what they expect; from now on nobody else changes that."""
        return bool((await self.fetch(*postgres_sql.checked(checks, scope)))[0][0])

    async def execute(self, sql: str, params: Sequence[Any] = (), *, scope: Scope) -> int:
        said = await self.run(*postgres_sql.scoped(sql, params, scope))
        return int(said.rsplit(" ", 1)[-1])


class _TryAgain(Exception):
    """Nothing of the transaction was kept, for a reason that passes: its cause."""


class _NoLonger(Exception):
    """Ends a transaction whose checks found something else than they expected."""


class Postgres:
    """The open database."""

    engine = "engage.store.postgres_orm"

    def __init__(self, readers: Connections, writers: Connections, *, distributed: bool) -> None:
        self._readers = readers
        self._writers = writers
        self.credentials: dict[str, Any] = {}
        self.one_company_per_transaction = distributed

    @classmethod
    async def open(cls, url: str) -> Postgres:
        """Raises Unavailable when the server cannot be reached or is none of ours."""
        readers = await Connections.open(url, READERS, default_transaction_read_only="on")
        writers = await Connections.open(url, WRITERS, default_transaction_read_only="off")
        try:
            distributed = await cls._examine(readers)
        except BaseException as error:
            await readers.close()
            await writers.close()
            if isinstance(error, (*TROUBLE, asyncpg.PostgresError, asyncpg.InterfaceError)):
                raise Unavailable(f"cannot open the database: {told(error)}") from error
            raise
        return cls(readers, writers, distributed=distributed)

    @staticmethod
    async def _examine(readers: Connections) -> bool:
        """Whether the growing tables are distributed."""
        connection = await patiently(readers.acquire)
        try:
            refuse_strangers(connection)
            if not await connection.fetchval(_CITUS):
                return False
            return bool(await connection.fetchval(_DISTRIBUTED, "engage_head"))
        finally:
            await readers.release(connection)

    async def forget(self) -> None:
        """Rows as they were go when the server cleans up; its log and its backups are the operator's."""

    async def close(self) -> None:
        await self._writers.close()
        await self._readers.close()

    def reading(self) -> Reading:
        return Reading(self._readers)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Within]:
        connection = await self._patiently(self._readers)
        try:
            await on.run(connection, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            session = Within(connection)
            with using(OrmTransaction(session, connection_name=ALIAS)):
                yield session
        finally:
            await asyncio.shield(self._end(self._readers, connection))

    @asynccontextmanager
    async def sole(self, what: str) -> AsyncIterator[bool]:
        """By a lock of the session: whatever becomes of this process, the server gives it back."""
        connection = await self._patiently(self._readers)
        try:
            taken = bool((await on.fetch(connection, _TRY_LOCK, (what,)))[0][0])
            yield taken
            if taken:
                await on.fetch(connection, _UNLOCK, (what,))
        except BaseException:
            terminate(connection)
            raise
        finally:
            await asyncio.shield(self._readers.release(connection))

    async def transact(self, work: Callable[[PostgresTransaction], Awaitable[T]]) -> T:
        """Run `work` again when the transaction lost a race, its connection, or both, and nothing of it was kept."""
        patience, collisions = Patience(), 0
        while True:
            try:
                return await self._attempt(work)
            except _TryAgain as again:
                error = again.__cause__
                assert error is not None
            collisions += isinstance(error, asyncpg.UniqueViolationError)
            if collisions > COLLISIONS_MAX or not await patience.lasts():
                raise error

    async def insert_if(
        self, checks: Sequence[Check], writes: Sequence[Insert], scope: Scope, proof: Check | None
    ) -> bool:
        """Who lost a race is told False, as if a check had failed."""
        for check in checks:
            check_keys(check.sql, check.keys, scope)
        for sql, rows in writes:
            check_insert(sql, rows, scope)
        if not any(map(postgres_sql.copied, writes)):
            return await self._insert_few_if(checks, [write for write in writes if write[1]], scope, proof)

        async def work(tx: PostgresTransaction) -> None:
            if not await tx.holds(checks, scope):
                raise _NoLonger
            await tx.insert(writes, scope=scope)

        try:
            await self.transact(work)
        except _NoLonger:
            return False
        return True

    async def _insert_few_if(
        self, checks: Sequence[Check], writes: Sequence[Insert], scope: Scope, proof: Check | None
    ) -> bool:
        """One statement, which is a transaction by itself. Its number is known with its answer only, so when that is
        lost the proof is looked for."""
        text, bound = postgres_sql.inserted_if(checks, writes, scope)
        connection = await self._patiently(self._writers)
        try:
            return bool((await on.fetch(connection, text, bound))[0][0])
        except (*RACES, asyncpg.UniqueViolationError):
            return False
        except PASSING:
            terminate(connection)
            if proof is None:
                return False
        finally:
            await self._writers.release(connection)
        async with self.reading() as session:
            return set(await session.lookup(proof.sql, proof.keys, scope=scope)) == proof.expected

    @staticmethod
    async def _patiently(connections: Connections) -> Any:
        patience = Patience()
        while True:
            try:
                return await connections.acquire()
            except PASSING:
                if not await patience.lasts():
                    raise

    async def _attempt(self, work: Callable[[PostgresTransaction], Awaitable[T]]) -> T:
        connection = None
        try:
            connection = await self._writers.acquire()
            transaction = PostgresTransaction(connection, distributed=self.one_company_per_transaction)
            await on.run(connection, "BEGIN")
            with using(OrmTransaction(transaction, connection_name=ALIAS)):
                result = await work(transaction)
            number = transaction.number or (await transaction.fetch(_NUMBER, ()))[0][0]
            await self._commit(connection, number, transaction.history)
            return result
        except (*PASSING, *RACES, asyncpg.UniqueViolationError) as error:
            raise _TryAgain from error
        finally:
            if connection is not None:
                await self._end(self._writers, connection)

    @staticmethod
    async def _end(connections: Connections, connection: Any) -> None:
        """Give the connection back, with no transaction open on it: rolled back, or closed if it cannot be."""
        try:
            if not is_lost(connection) and connection.is_in_transaction():
                await connection.execute("ROLLBACK")
        except Exception:  # noqa: BLE001 - closing it rolls back as well
            terminate(connection)
        finally:
            await connections.release(connection)

    async def _commit(self, connection: Any, number: str | None, history: str) -> None:
        try:
            said = await on.run(connection, "COMMIT")
        except PASSING as error:
            terminate(connection)
            if number is None or await self._was_kept(number, history, error):
                return
            raise
        # The server's answer to COMMIT where a statement had failed and somebody went on all the same.
        assert said == "COMMIT", (
            "an error of the database was caught inside the transaction: nothing was kept"
        )

    async def _was_kept(self, number: str, history: str, error: Exception) -> bool:
        """What became of a COMMIT that got no answer. Raises Unavailable when nobody can tell.

        In another history the number may be that of another transaction.
        """
        patience = Patience()
        status = None
        while await patience.lasts():
            try:
                async with Reading(self._readers) as session:
                    status, now_in = (await session.fetch(_STATUS, (number,)))[0]
            except (*TROUBLE, asyncpg.PostgresError):
                continue
            if now_in != history or self.one_company_per_transaction:
                break
            if status in ("committed", "aborted"):
                return bool(status == "committed")
        text = "the connection was lost while committing, and whether anything was kept is not known"
        raise Unavailable(text) from error

    def trouble(self, error: Exception) -> str | None:
        return told(error) if isinstance(error, TROUBLE) else None
