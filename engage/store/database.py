"""Opening the database, and the two ways to use it: `write` one transaction, or read.

A transaction runs in a task of its own, in a fresh context: a client that disconnects cannot cancel it half-way,
and nothing the caller carries in context variables leaks into it. Once started it ends by itself, committed or not.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from importlib.util import find_spec
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit, urlunsplit

from tortoise.context import TortoiseContext, _current_context

from engage.errors import InvalidRequest, Unavailable
from engage.store.orm import Opened, begin, one_dialect, orm_config
from engage.store.scope import Scope
from engage.store.statements import Backend, Check, Insert, Statements, Work

T = TypeVar("T")

SQLITE_SCHEME: Final = "sqlite:///"
POSTGRES_SCHEMES: Final = ("postgres://", "postgresql://")


def is_postgres(url: str) -> bool:
    """Raises InvalidRequest when the driver is not installed."""
    if not url.startswith(POSTGRES_SCHEMES):
        return False
    if find_spec("asyncpg") is None:
        raise InvalidRequest("PostgreSQL needs its driver: pip install 'engage[postgres]'")
    return True


def sqlite_path(url: str) -> str:
    """The file of a `sqlite:///relative.db` or `sqlite:////absolute.db` URL."""
    if not url.startswith(SQLITE_SCHEME) or not url.removeprefix(SQLITE_SCHEME):
        raise InvalidRequest(
            f"not a database URL: {shown(url)!r}; write sqlite:///engage.db or postgresql://user@host/name"
        )
    return url.removeprefix(SQLITE_SCHEME)


def shown(url: str) -> str:
    """A database's URL for people and logs, without a password."""
    try:
        parts = urlsplit(url)
        if parts.password is None:
            return url
        user, _, host = parts.netloc.rpartition("@")
        return urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}:***@{host}"))
    except ValueError:
        return url.partition("://")[0] + "://..."


def database_in_use() -> object:
    """Stands for the database of the read or write that is going on: what is cached by a row's id belongs to one."""
    return _current_context.get()


async def _open(url: str) -> Backend:
    if is_postgres(url):
        from engage.store.postgres import Postgres

        return await Postgres.open(url)
    from engage.store.sqlite import Sqlite

    return await Sqlite.open(sqlite_path(url))


class Database:
    def __init__(self, url: str, backend: Backend, context: TortoiseContext, opened: Opened) -> None:
        self.url = url
        self.backend = backend
        self._context = context
        self._opened = opened
        self._running: set[asyncio.Task[Any]] = set()
        self._closed = False

    @classmethod
    async def open(cls, url: str) -> Database:
        """Open a migrated database.

        Raises Unavailable when it cannot be opened, and InvalidRequest for a URL that is none or when a driver is not
        installed.
        """
        opened = one_dialect("postgres" if is_postgres(url) else "sqlite")
        try:
            backend = await _open(url)
            try:
                context = TortoiseContext()
                token = _current_context.set(context)
                try:
                    await begin(context, orm_config(backend.engine, backend.credentials))
                finally:
                    _current_context.reset(token)
            except BaseException:
                await backend.close()
                raise
        except BaseException:
            opened.close()
            raise
        return cls(url, backend, context, opened)

    async def close(self) -> None:
        """Let running transactions end, then close. What is asked after this is Unavailable."""
        self._closed = True
        if self._running:
            await asyncio.wait(self._running)
        self._opened.close()
        await self.backend.close()

    @property
    def one_company_per_transaction(self) -> bool:
        """Whether a transaction should touch the rows of one company only: companies live on several machines, and
        one that touches several of these commits in two slow phases."""
        return self.backend.one_company_per_transaction

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Statements]:
        """Statements and ORM queries on a connection that cannot write. Each sees what is committed by then."""
        self._refuse_closed()
        token = _current_context.set(self._context)
        try:
            with self._unavailable("the database cannot be read"):
                async with self.backend.reading() as statements:
                    yield statements
        finally:
            _current_context.reset(token)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Statements]:
        """Like `read`, but all statements see the database as it was at one moment, whatever is committed meanwhile.

        ORM queries are not part of it. Not for long: neither database can clean up what came after that moment.
        """
        self._refuse_closed()
        token = _current_context.set(self._context)
        try:
            with self._unavailable("the database cannot be read"):
                async with self.backend.snapshot() as statements:
                    yield statements
        finally:
            _current_context.reset(token)

    @asynccontextmanager
    async def sole(self, what: str) -> AsyncIterator[bool]:
        """Whether no other process is doing `what` just now; while the block runs none begins to."""
        self._refuse_closed()
        with self._unavailable("the database cannot be read"):
            async with self.backend.sole(what) as sole:
                yield sole

    async def write(self, work: Work[T]) -> T:
        """Run `work` in one transaction: committed when this returns, nothing of it kept when it raises.

        ORM queries inside `work` belong to the same transaction. `work` must not start tasks, and must be fit to be
        run again from its start, since PostgreSQL asks for that: it keeps what it finds out in its own variables.
        Raises Unavailable when the database cannot be written, or when nobody can tell any more whether a COMMIT that
        lost its connection was kept; what can be done twice without harm is then simply done again.
        """
        return await self._to_the_end(self._transact(work))

    async def insert_if(
        self, checks: Sequence[Check], writes: Sequence[Insert], *, scope: Scope, proof: Check | None = None
    ) -> bool:
        """Commit the rows if every check finds what it expects, and nobody changes the rows found before that.

        False: it does not, or somebody was quicker, and nothing was done. `proof` finds what it expects if and only if
        these rows were committed; it is asked when the connection was lost before the answer came. Without one that
        is False as well, so the rows must be such that they can be decided on once more.
        """
        return await self._to_the_end(self._insert_if(checks, writes, scope, proof))

    async def forget(self) -> None:
        """Leave no copy of what was dropped beside the tables, as far as that is in our hands."""
        self._refuse_closed()
        with self._unavailable("the database cannot be written"):
            await self.backend.forget()

    async def _to_the_end(self, transaction: Coroutine[Any, Any, T]) -> T:
        try:
            self._refuse_closed()
        except Unavailable:
            transaction.close()
            raise
        task = asyncio.get_running_loop().create_task(transaction, context=contextvars.Context())
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            # The caller went away. The transaction ends by itself; whatever it raises has nobody to hear it.
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
            raise

    async def _transact(self, work: Work[T]) -> T:
        _current_context.set(self._context)
        with self._unavailable("the database cannot be written"):
            return await self.backend.transact(work)

    async def _insert_if(
        self, checks: Sequence[Check], writes: Sequence[Insert], scope: Scope, proof: Check | None
    ) -> bool:
        _current_context.set(self._context)
        with self._unavailable("the database cannot be written"):
            return await self.backend.insert_if(checks, writes, scope, proof)

    def _refuse_closed(self) -> None:
        if self._closed:
            raise Unavailable("the database is closed")

    @contextmanager
    def _unavailable(self, what: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            trouble = self.backend.trouble(error)
            if trouble is None:
                raise
            raise Unavailable(f"{what}: {trouble}") from error
