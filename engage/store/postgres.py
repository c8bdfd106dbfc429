"""PostgreSQL: connections to read with, connections to write with, and transactions that are run again when they lost
a race or their connection.

Owns the two bounded pools, what every connection is set to, and which errors are the database's state, which a
transaction that simply can be tried again, and which a mistake of ours. Must not know a table.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final, TypeVar

import asyncpg

from engage.errors import InvalidRequest, Unavailable
from engage.store import postgres_sql
from engage.store.orm import ALIAS, using
from engage.store.postgres_orm import OrmClient, OrmTransaction
from engage.store.scope import Scope, check_insert, check_keys
from engage.store.statements import Check, Insert, Row, Statements, Transaction, Work

T = TypeVar("T")


class Unreachable(Exception):
    """The server is not there, or was lost, as the system or the driver tells it."""


VERSION_NEEDED: Final = 14
READERS: Final = 6
WRITERS: Final = 4
"""Connections a process holds at most: ten of the server's max_connections, most of them only under load."""
ACQUIRE_SECONDS: Final = 10
CONNECT_SECONDS: Final = 5
STATEMENT_SECONDS: Final = 60
LOCK_SECONDS: Final = 30
"""How long a transaction waits for another's rows, as BUSY_SECONDS on SQLite."""
IDLE_SECONDS: Final = 60
"""A transaction whose process stopped in the middle holds companies' turns no longer than this."""
PATIENCE_SECONDS: Final = 10.0
"""How long what failed for the database's sake is tried again: a restart of the server goes unnoticed."""
PAUSE_SECONDS: Final = 0.02
PAUSE_SECONDS_MAX: Final = 1.0
COLLISIONS_MAX: Final = 3
"""Times that a key may be found taken by somebody quicker. More often it is a mistake of ours."""
UNUSED_SECONDS: Final = 300

SETTINGS: Final[Mapping[str, str]] = {
    "default_transaction_isolation": "read committed",
    "statement_timeout": f"{STATEMENT_SECONDS}s",
    "lock_timeout": f"{LOCK_SECONDS}s",
    "idle_in_transaction_session_timeout": f"{IDLE_SECONDS}s",
    # A machine that lost its power says no goodbye; what it had locked is free again after a minute.
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
    # Every statement of ours is answered by an index. A plan is made once and kept; one made while a table was small
    # must not read the whole of it when it has grown, which may be long before statistics say so.
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
}
_NAMED: Final = {"application_name": "engage"}
_SET: Final = "SELECT set_config(name, value, false) FROM unnest($1::text[], $2::text[]) AS s(name, value)"
# Accepted means durable. Whoever asks for more, such as a standby's word, keeps it.
_DURABLE: Final = (
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
)
_TIMELINE: Final = (
    "SELECT CASE WHEN pg_is_in_recovery() THEN '' ELSE left(pg_walfile_name(pg_current_wal_lsn()), 8) END"
)
_NUMBER: Final = "SELECT pg_current_xact_id_if_assigned()::text"
_STATUS: Final = f"SELECT pg_xact_status($1::text::xid8), ({_TIMELINE})"
_CITUS: Final = "SELECT to_regclass('pg_dist_partition') IS NOT NULL"
_DISTRIBUTED: Final = "SELECT count(*) > 0 FROM pg_dist_partition WHERE logicalrelid = to_regclass($1)"

# Lost connections, and servers that start, stop or are full: the same may be asked again in a moment.
_PASSING: Final = (
    Unreachable,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.TooManyConnectionsError,
)
_RACES: Final = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)
# And what an operator must mend, or load that must pass.
_TROUBLE: Final = (
    *_PASSING,
    *_RACES,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.LockNotAvailableError,
    asyncpg.PostgresSystemError,
    asyncpg.DataCorruptedError,
    asyncpg.IndexCorruptedError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InsufficientPrivilegeError,
)


class _Patience:
    """Whether to try once more, after a pause that grows and that differs from everybody else's."""

    def __init__(self) -> None:
        self._until = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        self._pause = PAUSE_SECONDS

    async def lasts(self) -> bool:
        pause = self._pause * (0.5 + random.random())  # noqa: S311 - any spread will do
        if asyncio.get_running_loop().time() + pause > self._until:
            return False
        await asyncio.sleep(pause)
        self._pause = min(self._pause * 2, PAUSE_SECONDS_MAX)
        return True


class Connection(asyncpg.Connection):  # type: ignore[misc]
    """A connection that remembers which history of the database it was opened to."""

    __slots__ = ("timeline",)
    timeline: str


async def _prepare(connection: Connection, settings: Mapping[str, str]) -> None:
    await connection.fetch(_SET, list(settings), list(settings.values()))
    await connection.fetch(_DURABLE)
    connection.timeline = await connection.fetchval(_TIMELINE)


async def connect(url: str, **settings: str) -> Connection:
    """A connection by itself. Raises InvalidRequest for a URL that is none, and what `trouble` explains."""
    with _reaching():
        connection: Connection = await asyncpg.connect(
            url, timeout=CONNECT_SECONDS, connection_class=Connection, server_settings=_NAMED
        )
        await _prepare(connection, settings)
    return connection


async def patiently(work: Callable[[], Awaitable[T]]) -> T:
    """Wait for a server that is about to be there. One that is not is an error at once: often its name is mistyped."""
    patience = _Patience()
    while True:
        try:
            return await work()
        except asyncpg.CannotConnectNowError:
            if not await patience.lasts():
                raise


@contextmanager
def _reaching() -> Iterator[None]:
    """An OSError of anybody else's code must not be taken for the database's."""
    try:
        yield
    except TimeoutError as error:
        raise Unreachable("the server does not answer") from error
    except OSError as error:
        raise Unreachable(str(error)) from error
    except ValueError as error:
        raise InvalidRequest(f"not a database URL: {error}") from error


class Connections:
    """A bounded pool. Connections are made when needed and closed when long unused."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool
        self._closed = False

    @classmethod
    async def open(cls, url: str, most: int, **settings: str) -> Connections:
        """Connects to nothing yet."""

        async def prepare(connection: Connection) -> None:
            await _prepare(connection, {**SETTINGS, **settings})

        async def leave(_: Connection) -> None:
            """Nobody changes a session's settings, so there is nothing to reset; a trip for that costs as much as a
            statement. The driver rolls back what is open."""

        pool = await asyncpg.create_pool(
            url,
            min_size=0,
            max_size=most,
            init=prepare,
            reset=leave,
            timeout=CONNECT_SECONDS,
            # The server's own limit comes first; this one is for a server that does not answer at all.
            command_timeout=STATEMENT_SECONDS + 5,
            max_inactive_connection_lifetime=UNUSED_SECONDS,
            connection_class=Connection,
            server_settings=_NAMED,
            statement_cache_size=1024,
            max_cached_statement_lifetime=0,
            max_cacheable_statement_size=0,
        )
        return cls(pool)

    async def acquire(self) -> Any:
        with _reaching():
            waiting = asyncio.timeout(ACQUIRE_SECONDS)
            try:
                async with waiting:
                    return await self._pool.acquire()
            except TimeoutError as error:
                if not waiting.expired():
                    raise
                text = f"no connection to the database came free within {ACQUIRE_SECONDS} s"
                raise Unavailable(text) from error
            except asyncpg.InterfaceError as error:
                if not self._closed:
                    raise
                raise Unavailable("the database is closed") from error

    async def release(self, connection: Any) -> None:
        """The driver shields it, so that a task that is being cancelled gives its connection back as well."""
        await self._pool.release(connection)

    async def close(self) -> None:
        """What is in use is waited for, but not for ever."""
        self._closed = True
        try:
            async with asyncio.timeout(ACQUIRE_SECONDS):
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()


async def _fetch(connection: Any, text: str, bound: Sequence[Any]) -> list[Row]:
    try:
        rows: list[Row] = await connection.fetch(text, *bound)
    except _OTHERWISE as error:
        raise _in_our_words(connection, error) from error
    return rows


async def _run(connection: Any, text: str, bound: Sequence[Any] = ()) -> str:
    try:
        said: str = await connection.execute(text, *bound)
    except _OTHERWISE as error:
        raise _in_our_words(connection, error) from error
    return said


_OTHERWISE: Final = (OSError, asyncpg.InterfaceError, asyncpg.CharacterNotInRepertoireError)


def _in_our_words(connection: Any, error: Exception) -> Exception:
    """What the driver calls by other names: a statement sent on a connection that is gone already, and a text that
    SQLite would have taken."""
    if isinstance(error, asyncpg.CharacterNotInRepertoireError):
        return InvalidRequest("a text holds a NUL character, which cannot be stored")
    if isinstance(error, TimeoutError):
        return Unreachable("the server does not answer")
    return Unreachable(str(error)) if isinstance(error, OSError) or is_lost(connection) else error


def is_lost(connection: Any) -> bool:
    """The driver takes a connection that broke back into its pool by itself, and then refuses even this question."""
    try:
        return bool(connection.is_closed())
    except asyncpg.InterfaceError:
        return True


def terminate(connection: Any) -> None:
    if not is_lost(connection):
        connection.terminate()


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
        self._turn = asyncio.Lock()
        self._orm = using(OrmClient(self, connection_name=ALIAS))

    async def __aenter__(self) -> Reading:
        self._orm.__enter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._orm.__exit__(None, None, None)
        await self._let_go()

    async def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await self._connections.release(connection)

    async def fetch(self, text: str, bound: Sequence[Any]) -> list[Row]:
        patience = _Patience()
        async with self._turn:
            while True:
                try:
                    if self._connection is None:
                        self._connection = await self._connections.acquire()
                    return await _fetch(self._connection, text, bound)
                except _PASSING:
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
        return await _fetch(self.connection, text, bound)

    async def run(self, text: str, bound: Sequence[Any]) -> str:
        return await _run(self.connection, text, bound)


class PostgresTransaction(Within, Transaction):
    """`Transaction`. Others write meanwhile, so the rows that a decision rests on are to be locked."""

    locks_rows = True

    def __init__(self, connection: Any) -> None:
        super().__init__(connection)
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
        for sql, rows in writes:
            check_insert(sql, rows, scope)
        writes = [(sql, rows) for sql, rows in writes if rows]
        if writes:
            self.number = (await self.fetch(*postgres_sql.inserted(writes)))[0][0]

    async def execute(self, sql: str, params: Sequence[Any] = (), *, scope: Scope) -> int:
        said = await self.run(*postgres_sql.scoped(sql, params, scope))
        return int(said.rsplit(" ", 1)[-1])


class _TryAgain(Exception):
    """Nothing of the transaction was kept, for a reason that passes: its cause."""


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
            if isinstance(error, (*_TROUBLE, asyncpg.PostgresError, asyncpg.InterfaceError)):
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

    async def close(self) -> None:
        await self._writers.close()
        await self._readers.close()

    def reading(self) -> Reading:
        return Reading(self._readers)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Within]:
        connection = await self._patiently(self._readers)
        try:
            await _run(connection, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            session = Within(connection)
            with using(OrmTransaction(session, connection_name=ALIAS)):
                yield session
        finally:
            await asyncio.shield(self._end(self._readers, connection))

    async def transact(self, work: Work[T]) -> T:
        """Run `work` again when the transaction lost a race, its connection, or both, and nothing of it was kept."""
        patience, collisions = _Patience(), 0
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
        """One statement, which is a transaction by itself. Who lost a race is told False, as if a check had failed."""
        for check in checks:
            check_keys(check.sql, check.keys, scope)
        for sql, rows in writes:
            check_insert(sql, rows, scope)
        text, bound = postgres_sql.inserted_if(checks, [write for write in writes if write[1]], scope)
        connection = await self._patiently(self._writers)
        try:
            return bool((await _fetch(connection, text, bound))[0][0])
        except (*_RACES, asyncpg.UniqueViolationError):
            return False
        except _PASSING:
            terminate(connection)
            if proof is None:
                return False
        finally:
            await self._writers.release(connection)
        async with self.reading() as session:
            return set(await session.lookup(proof.sql, proof.keys, scope=scope)) == proof.expected

    @staticmethod
    async def _patiently(connections: Connections) -> Any:
        patience = _Patience()
        while True:
            try:
                return await connections.acquire()
            except _PASSING:
                if not await patience.lasts():
                    raise

    async def _attempt(self, work: Work[T]) -> T:
        connection = None
        try:
            connection = await self._writers.acquire()
            transaction = PostgresTransaction(connection)
            await _run(connection, "BEGIN")
            with using(OrmTransaction(transaction, connection_name=ALIAS)):
                result = await work(transaction)
            number = transaction.number or (await transaction.fetch(_NUMBER, ()))[0][0]
            await self._commit(connection, number)
            return result
        except (*_PASSING, *_RACES, asyncpg.UniqueViolationError) as error:
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

    async def _commit(self, connection: Any, number: str | None) -> None:
        timeline = connection.timeline
        try:
            said = await _run(connection, "COMMIT")
        except _PASSING as error:
            terminate(connection)
            if number is None or await self._was_kept(number, timeline, error):
                return
            raise
        # The server's answer to COMMIT where a statement had failed and somebody went on all the same.
        assert said == "COMMIT", (
            "an error of the database was caught inside the transaction: nothing was kept"
        )

    async def _was_kept(self, number: str, timeline: str, error: Exception) -> bool:
        """What became of a COMMIT that got no answer. Raises Unavailable when nobody can tell.

        Another timeline is a standby that took over: it gives the same numbers to other transactions.
        """
        patience = _Patience()
        status = None
        while await patience.lasts():
            try:
                async with Reading(self._readers) as session:
                    status, now_on = (await session.fetch(_STATUS, (number,)))[0]
            except (*_TROUBLE, asyncpg.PostgresError):
                continue
            if now_on != timeline or self.one_company_per_transaction:
                break
            if status in ("committed", "aborted"):
                return bool(status == "committed")
        text = "the connection was lost while committing, and whether anything was kept is not known"
        raise Unavailable(text) from error

    def trouble(self, error: Exception) -> str | None:
        return told(error) if isinstance(error, _TROUBLE) else None


def told(error: BaseException) -> str:
    """The server's words, in one line."""
    return " ".join(str(error).split())


def refuse_strangers(connection: Any) -> None:
    """Raises InvalidRequest for a server or database that cannot hold what is written here."""
    version = connection.get_server_version()
    if version.major < VERSION_NEEDED:
        raise InvalidRequest(f"PostgreSQL {VERSION_NEEDED} or newer is needed, not {version.major}")
    encoding = connection.get_settings().server_encoding
    if encoding != "UTF8":
        raise InvalidRequest(f"the database's encoding is {encoding}; create it with ENCODING 'UTF8'")
