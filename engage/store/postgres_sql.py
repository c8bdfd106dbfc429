"""What the marks and `?` of a statement become on PostgreSQL.

Keys and rows travel as one array per column, so a statement has the same text however many there are, and is planned
once. A look-up or write for one company compares company_id with one bound value wherever it names it: on Citus that
is what sends the whole statement to the one place where the company lives.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, Literal

from engage.store.scope import EveryCompany, Scope, expand_marks, only_company
from engage.store.statements import Check, Insert, Row

TEXTS_MAX: Final = 2048
TYPES: Final[dict[type, str]] = {int: "bigint", str: "text", bytes: "bytea", float: "double precision"}
"""What an array of these is sent as; the column's own type is narrower at times, and compares and assigns the same."""

Companies = Literal["none", "one", "many"]

_COMPANY = re.compile(r"\bk\.column1\b")
_JOINED = re.compile(r"\{keys\} k\s+JOIN \w+ (\w+) ON ")
_BY_COMPANY = re.compile(r"\{keys\} k JOIN (\w+) (\w+) ON \2\.company_id = k\.column1$")
_JOIN = re.compile(r"\bk JOIN (\w+ (\w+)) ON (.+?)(?= GROUP BY | ORDER BY |$)")
_BOUND = re.compile(r"\$(\d+)")
_PLAIN = re.compile(r"INSERT INTO (\w+) \(([\w, ]+)\) \{rows\}")
_ROWS = " {rows}"


def _type_of(column: Sequence[Any]) -> str | None:
    """The type of a column's values; None when all of them are None."""
    for value in column:
        if value is not None:
            return TYPES[type(value)]
    return None


def scoped(sql: str, params: Sequence[Any], scope: Scope) -> tuple[str, list[Any]]:
    """A statement with {scope} marks, and what to bind."""
    if isinstance(scope, EveryCompany):
        return _scoped(sql, "none"), list(params)
    ids = sorted(scope)
    companies: Companies = "one" if len(ids) == 1 else "many"
    text = _scoped(sql, companies)
    if not _marked(sql):
        return text, list(params)
    return text, [ids[0] if companies == "one" else ids, *params]


@lru_cache(maxsize=TEXTS_MAX)
def _marked(sql: str) -> bool:
    return "scope}" in sql


@lru_cache(maxsize=TEXTS_MAX)
def _scoped(sql: str, companies: Companies) -> str:
    condition = {"none": "TRUE", "one": "{} = $1", "many": "{} = ANY($1)"}[companies]
    text = expand_marks(sql, condition.format)
    return _numbered(text, 2 if companies != "none" and _marked(sql) else 1)


def _numbered(text: str, first: int) -> str:
    head, *rest = text.split("?")
    return head + "".join(f"${first + n}{part}" for n, part in enumerate(rest))


Lock = Literal["", "FOR NO KEY UPDATE", "FOR SHARE"]


def looked_up(sql: str, keys: Sequence[Row], scope: Scope, lock: Lock = "") -> tuple[str, list[Any]]:
    """A look-up by keys, of which there is at least one, and what to bind."""
    columns = list(zip(*keys, strict=True))
    types = tuple(_type_of(column) or "text" for column in columns)
    company = only_company(sql, scope)
    fenced = not lock and not isinstance(scope, EveryCompany)
    text = _looked_up(sql, types, company is not None, lock, fenced)
    if company is None:
        return text, columns
    return text, [company, *columns[1:]]


@lru_cache(maxsize=TEXTS_MAX)
def _looked_up(sql: str, types: tuple[str, ...], one: bool, lock: Lock, fenced: bool) -> str:
    """`fenced`: each key is sought by itself. A plan that was made while the table was empty may else read all that
    the company has once for each key. Not across companies, where Citus refuses it, nor around rows to lock: those of
    whole companies are found without a join."""
    if fenced:
        sql = _JOIN.sub(r"k CROSS JOIN LATERAL (SELECT * FROM \1 WHERE \3 OFFSET 0) \2", sql)
    by_company = _BY_COMPANY.search(sql) if lock and not one else None
    if by_company:
        head, (table, name) = sql[: by_company.start()], by_company.groups()
        return (
            f"{head}{table} {name} WHERE {name}.company_id = ANY($1::bigint[])"
            f" ORDER BY NULLIF({name}.company_id, 0) {lock} OF {name}"
        )
    if lock:
        found = _JOINED.search(sql)
        assert found, f"a look-up that locks starts with one table, joined to its keys: {sql}"
        # The host, which is number 0, last. Of one company there is one order only, and to sort by a constant is none.
        sql += ("" if one else " ORDER BY NULLIF(k.column1, 0)") + f" {lock} OF {found[1]}"
    names = [f"column{n}" for n, _ in enumerate(types, 1)]
    arrays = [f"${n}::{type}[]" for n, type in enumerate(types, 1)]
    if not one:
        return sql.replace("{keys}", _table(names, arrays))
    table = _table(names[1:], arrays[1:]) if names[1:] else "(SELECT 1 AS one)"
    return _COMPANY.sub("$1::bigint", sql.replace("{keys}", table))


def _table(names: Sequence[str], arrays: Sequence[str]) -> str:
    return f"(SELECT * FROM unnest({', '.join(arrays)}) AS u({', '.join(names)}))"


ROWS_WORTH_A_COPY: Final = 64
"""From so many rows on COPY takes less time than arrays, of the server's and of ours, though it is a trip more."""


def copied(write: Insert) -> tuple[str, list[str]] | None:
    """The table and columns of rows that are many and plain enough for COPY, which knows no ON CONFLICT."""
    sql, rows = write
    return _copied(sql) if len(rows) >= ROWS_WORTH_A_COPY else None


@lru_cache(maxsize=TEXTS_MAX)
def _copied(sql: str) -> tuple[str, list[str]] | None:
    found = _PLAIN.fullmatch(sql)
    return (found[1], found[2].split(", ")) if found else None


Described = tuple[tuple[str, tuple[str | None, ...]], ...]
"""Of each INSERT, the types of its columns."""


def inserted(writes: Sequence[Insert]) -> tuple[str, list[Any]]:
    """All the tables' rows as one statement: one trip, one snapshot. None of the lists of rows is empty.

    It answers with the number of the transaction, by which a COMMIT that got no answer can be looked up.
    """
    described, bound = _described(writes)
    return _inserted(described), bound


def inserted_alone(write: Insert) -> tuple[str, list[Any]]:
    """One table's rows as a statement by itself: an INSERT within a statement is not understood by Citus."""
    ((sql, types),), bound = _described([write])
    return _insert(sql, types, 0, ""), bound


def _described(writes: Sequence[Insert]) -> tuple[Described, list[Any]]:
    described = []
    bound: list[Any] = []
    for sql, rows in writes:
        columns = list(zip(*rows, strict=True))
        types = tuple(map(_type_of, columns))
        described.append((sql, types))
        bound += [column for column, type in zip(columns, types, strict=True) if type is not None]
    return tuple(described), bound


@lru_cache(maxsize=TEXTS_MAX)
def _inserted(writes: Described) -> str:
    return f"WITH {', '.join(_inserts(writes, 0, ''))} SELECT pg_current_xact_id()::text"


def _inserts(writes: Described, bound: int, condition: str) -> list[str]:
    """Each INSERT as a part of one statement; `bound` values come before theirs."""
    parts = []
    for number, (sql, types) in enumerate(writes):
        parts.append(f"w{number} AS ({_insert(sql, types, bound, condition)})")
        bound += len(types) - types.count(None)
    return parts


@lru_cache(maxsize=TEXTS_MAX)
def _insert(sql: str, types: tuple[str | None, ...], bound: int, condition: str) -> str:
    names = [f"c{n}" for n, _ in enumerate(types)]
    given = [n for n, type in enumerate(types) if type is not None]
    arrays = [f"${bound + n}::{types[column]}[]" for n, column in enumerate(given, 1)]
    # A column of nothing but NULL has no type to send; written out it takes the table's.
    chosen = ", ".join(name if types[n] is not None else "NULL" for n, name in enumerate(names))
    source = f"unnest({', '.join(arrays)}) AS u({', '.join(names[n] for n in given)})"
    assert _ROWS in sql, sql
    return sql.replace(_ROWS, f" SELECT {chosen} FROM {source}{condition}")


def checked(checks: Sequence[Check], scope: Scope) -> tuple[str, list[Any]]:
    """Whether every check finds what it expects; the rows found are locked before they are compared."""
    parts, bound = _checks(checks, scope)
    return f"WITH {', '.join(parts)} SELECT holds FROM verdict", bound


def inserted_if(checks: Sequence[Check], writes: Sequence[Insert], scope: Scope) -> tuple[str, list[Any]]:
    """`inserted`, if `checked`, and it answers with that. A transaction by itself when it is run outside of one."""
    parts, bound = _checks(checks, scope)
    described, rows = _described(writes)
    parts += _inserts(described, len(bound), " WHERE (SELECT holds FROM verdict)")
    return f"WITH {', '.join(parts)} SELECT holds FROM verdict", [*bound, *rows]


def _checks(checks: Sequence[Check], scope: Scope) -> tuple[list[str], list[Any]]:
    parts, conditions = [], []
    bound: list[Any] = []
    for number, check in enumerate(checks):
        text = check.sql
        values: list[Any] = []
        if check.keys:
            lock: Lock = "FOR SHARE" if check.shared else "FOR NO KEY UPDATE"
            text, values = looked_up(check.sql, check.keys, scope, lock)
        parts.append(f"f{number} AS MATERIALIZED ({_shifted(text, len(bound))})")
        bound += values
        expected = [*check.expected, *check.blank]
        conditions.append(f"(SELECT count(*) FROM f{number}) = ${len(bound) + 1}::bigint")
        bound.append(len(expected))
        if expected:
            columns = list(zip(*expected, strict=True))
            arrays = [f"${len(bound) + n}::{_type_of(column)}[]" for n, column in enumerate(columns, 1)]
            bound += columns
            rows = f"SELECT * FROM unnest({', '.join(arrays)})"
            conditions.append(f"NOT EXISTS (SELECT * FROM f{number} EXCEPT {rows})")
    parts.append(f"verdict AS MATERIALIZED (SELECT {' AND '.join(conditions)} AS holds)")
    return parts, bound


def _shifted(text: str, by: int) -> str:
    return _BOUND.sub(lambda match: f"${int(match[1]) + by}", text) if by else text
