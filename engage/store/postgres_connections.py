"""Connections to PostgreSQL: how they are opened, set and pooled, and what their errors mean.

Owns the bounds and timeouts, and which errors are the database's state, which pass by themselves, and which are a
mistake of ours. Must not know a statement of ours but those that prepare a session.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final, TypeVar

import asyncpg

from engage.errors import InvalidRequest, Unavailable
from engage.store.statements import Row

T = TypeVar("T")


class Unreachable(Exception):
    """The server is not there, or was lost, as the system or the driver tells it."""


VERSION_NEEDED: Final = 14
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
# A standby that took over has another timeline, and a server that crashed has lost its statistics. Both give numbers of
# transactions that were under way, and of which nothing is left, to others.
HISTORY: Final = (
    "SELECT CASE WHEN pg_is_in_recovery() THEN '' ELSE left(pg_walfile_name(pg_current_wal_lsn()), 8) END"
    " || coalesce((SELECT extract(epoch FROM stats_reset)::text FROM pg_stat_bgwriter), '')"
)

# Lost connections, and servers that start, stop or are full: the same may be asked again in a moment.
PASSING: Final = (
    Unreachable,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.TooManyConnectionsError,
)
RACES: Final = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)
# And what an operator must mend, or load that must pass.
TROUBLE: Final = (
    *PASSING,
    *RACES,
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
    asyncpg.ObjectNotInPrerequisiteStateError,  # a database that admits nobody
)


class Patience:
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

    __slots__ = ("history",)
    history: str


async def _prepare(connection: Connection, settings: Mapping[str, str]) -> None:
    await fetch(connection, _SET, [list(settings), list(settings.values())])
    await fetch(connection, _DURABLE, [])
    connection.history = (await fetch(connection, HISTORY, []))[0][0]


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
    patience = Patience()
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
        """The driver shields it, so that a task that is being cancelled gives its connection back as well. One that
        breaks meanwhile it takes back by itself, and then calls this a mistake."""
        with suppress(asyncpg.InternalClientError):
            await self._pool.release(connection)

    async def close(self) -> None:
        """What is in use is waited for, but not for ever."""
        self._closed = True
        try:
            async with asyncio.timeout(ACQUIRE_SECONDS):
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()


async def fetch(connection: Any, text: str, bound: Sequence[Any]) -> list[Row]:
    try:
        rows: list[Row] = await connection.fetch(text, *bound)
    except _OTHERWISE as error:
        raise _in_our_words(connection, error) from error
    return rows


async def run(connection: Any, text: str, bound: Sequence[Any] = ()) -> str:
    try:
        said: str = await connection.execute(text, *bound)
    except _OTHERWISE as error:
        raise _in_our_words(connection, error) from error
    return said


async def copy(connection: Any, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    try:
        await connection.copy_records_to_table(table, columns=columns, records=rows)
    except _OTHERWISE as error:
        raise _in_our_words(connection, error) from error


_OTHERWISE: Final = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.CharacterNotInRepertoireError,
)


def _in_our_words(connection: Any, error: Exception) -> Exception:
    """What the driver calls by other names: a statement sent on a connection that is gone already, and a text that
    SQLite would have taken."""
    if isinstance(error, asyncpg.CharacterNotInRepertoireError):
        return InvalidRequest("a text holds a NUL character, which cannot be stored")
    if isinstance(error, TimeoutError):
        return Unreachable("the server does not answer")
    if isinstance(error, asyncpg.InternalClientError):
        # The server has ended the connection, the driver has read so, and has not closed it yet.
        terminate(connection)
        return Unreachable(f"the connection was lost: {error}")
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
