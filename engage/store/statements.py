"""What a database offers, whichever it is: statements with a scope, and transactions.

A statement is written once, for both databases, with marks that each expands its own way (`engage.store.scope` says
which and why). `sqlite` and `postgres` implement this; everything else in the store knows only this.

To be portable a statement: binds with `?`, after any `{scope}`; names no type but INTEGER and BLOB's results; gives
every selected column of a grouped statement to GROUP BY or an aggregate; and relies on no order of its own without
ORDER BY, and never on the order of texts, which collations decide.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, NamedTuple, Protocol, TypeVar

from engage.store.scope import Scope

T = TypeVar("T")

OUTLIVED = "a task that was started within a read or transaction uses it after its end"

Row = tuple[Any, ...]
"""Of ints, texts and bytes. What comes back may be another sequence that compares, hashes and unpacks as a tuple."""
Insert = tuple[str, Sequence[Row]]
"""A statement "INSERT INTO t (columns) {rows} ..." and its rows."""


class Check(NamedTuple):
    """What a look-up must find, in any order, for a commit to be right; without keys, what a statement must."""

    sql: str
    keys: Sequence[Row]
    expected: set[Row]
    blank: frozenset[Row] = frozenset()
    """Rows that say no more than that there is nothing yet. A database that locks rows must have them, to lock them;
    another need not."""
    shared: bool = False
    """The commit changes none of these rows, and others may lock them in the same way meanwhile."""


class Statements(ABC):
    """Statements that read. Each names its scope; see `engage.store.scope`."""

    @abstractmethod
    async def rows(self, sql: str, params: Sequence[Any] = (), *, scope: Scope) -> list[Row]:
        """The rows of one statement. `{scope}` marks come before any `?` of the statement's own."""

    async def few(self, sql: str, params: Sequence[Any] = (), *, scope: Scope) -> list[Row]:
        """`rows` of a statement that finds a handful by a key: where the file is at hand, that is less work than to
        hand it to a thread."""
        return await self.rows(sql, params, scope=scope)

    @abstractmethod
    async def lookup(self, sql: str, keys: Sequence[Row], *, scope: Scope) -> list[Row]:
        """The rows that match a list of keys. In `sql`, `{keys}` is a table of columns column1, column2, ..."""


class Transaction(Statements):
    """Statements that may write, and that see what the ones before them wrote. All are kept or none."""

    locks_rows: bool
    """Whether others may write meanwhile, so that what is decided on must be locked: a lookup with `lock`."""

    @abstractmethod
    async def lookup(self, sql: str, keys: Sequence[Row], *, scope: Scope, lock: bool = False) -> list[Row]:
        """`lock`: nobody else changes the rows found before this transaction ends. They are locked in the order of
        their first key, so that two never wait for each other; what is read of them is what is there by then."""

    @abstractmethod
    async def insert(self, writes: Sequence[Insert], *, scope: Scope) -> None:
        """Several tables' rows in one trip, in no promised order, so no key of a table may stand in it twice."""

    @abstractmethod
    async def execute(self, sql: str, params: Sequence[Any] = (), *, scope: Scope) -> int:
        """How many rows one UPDATE or DELETE changed."""


Work = Callable[[Transaction], Awaitable[T]]


class Backend(Protocol):
    """One open database: what `engage.store.database` needs of it."""

    engine: str
    """The module with Tortoise's client, and what that is made with."""
    credentials: dict[str, Any]
    one_company_per_transaction: bool
    """Whether a transaction should touch the rows of one company only, since others may live elsewhere."""

    def reading(self) -> AbstractAsyncContextManager[Statements]:
        """Each statement sees what is committed by then."""

    def snapshot(self) -> AbstractAsyncContextManager[Statements]:
        """All statements see the same moment."""

    def sole(self, what: str) -> AbstractAsyncContextManager[bool]:
        """Whether no other process is in this block with the same `what`."""

    async def transact(self, work: Work[T]) -> T:
        """Run `work` between BEGIN and COMMIT; more than once when the database asks for that. To be called in a
        task that nobody cancels half-way."""

    async def insert_if(
        self, checks: Sequence[Check], writes: Sequence[Insert], scope: Scope, proof: Check | None
    ) -> bool:
        """A whole transaction in one trip: the writes, if every check finds what it expects. False: nothing done."""

    async def forget(self) -> None:
        """Leave no copy of what was dropped beside the tables, as far as that is in our hands."""

    async def close(self) -> None: ...

    def trouble(self, error: Exception) -> str | None:
        """What is the matter with the database, if this error tells of that rather than of a mistake of ours."""
