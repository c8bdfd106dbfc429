"""The door between tenants: no statement touches a company's rows without saying whose rows it may touch.

Every statement that reads or changes a growing table carries one of two marks, which this module expands:

    {scope} or {m.scope}    company_id is one of the companies in scope
    {keys}                  joined to a list of keys whose first column is a company in scope

and an INSERT names company_id first, so that the first column of its rows is the company that is written.

A read across companies (the portfolio, or finding the one company of a member) says so with EVERY_COMPANY. What
carries no mark is refused before it reaches the database, whoever wrote it: see tests/store/test_scope.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from typing import Any, Final

PREFIX: Final = "engage_"
GROWING: Final = frozenset(
    PREFIX + name
    for name in (
        "head",
        "member",
        "entry",
        "message",
        "transfer",
        "link",
        "rollup",
        "held",
        "reject",
        "week",
        "score",
        "summary",
        "term",
        "stated_term",
        "care",
        "signal",
        "pushed",
        "checkpoint",
        "checkpoint_part",
        "archive",
        "moment",
        "agenda",
        "timetable",
        "redemption",
        "code",
        "adjustment",
        "outbox",
        "delivery",
        "standing",
        "invitation",
        "referred",
    )
)
"""Tables with company_id at the head of their primary key."""

_TABLE = re.compile(rf"\b{PREFIX}\w+", re.IGNORECASE)
_SCOPE = re.compile(r"\{(?:(\w+)\.)?scope\}")
_KEYS = "{keys}"
_JOINED = re.compile(r"\.company_id = k\.column1\b")
_SET = r"(?!company_id\b)\w+ = excluded\.\w+"
_INSERT = re.compile(
    rf"INSERT INTO {PREFIX}\w+ \(company_id, [\w, ]+\) {{rows}}"
    rf"( ON CONFLICT( \([\w, ]+\))? DO (NOTHING|UPDATE SET {_SET}(, {_SET})*))?"
)


class ScopeError(AssertionError):
    """Our own mistake: a statement that could read or write another tenant's rows."""


class EveryCompany:
    """The scope of the few statements that look across companies."""


EVERY_COMPANY: Final = EveryCompany()
Scope = Collection[int] | EveryCompany


@lru_cache(maxsize=2048)
def touches_growing(sql: str) -> bool:
    return any(table.lower() in GROWING for table in _TABLE.findall(sql))


@lru_cache(maxsize=2048)
def _marks(sql: str) -> tuple[tuple[str, ...], bool]:
    return tuple(match.group(0) for match in _SCOPE.finditer(sql)), _KEYS in sql


def refuse_unscoped(sql: str) -> None:
    """For statements that carry no scope at all, the everyday ones of the ORM: growing tables are not for them."""
    if touches_growing(sql):
        raise ScopeError(f"a growing table is reached without a scope: {sql}")


def expand_marks(sql: str, condition: Callable[[str], str]) -> str:
    """The statement with each {scope} mark replaced by the condition on its column."""
    if touches_growing(sql) and not _marks(sql)[0]:
        raise ScopeError(f"a statement on a growing table has no {{scope}}: {sql}")

    def expand(match: re.Match[str]) -> str:
        return condition(f"{match.group(1)}.company_id" if match.group(1) else "company_id")

    return _SCOPE.sub(expand, sql)


def only_company(sql: str, scope: Scope) -> int | None:
    """The one company whose rows a statement on a growing table may touch, if it is one."""
    if isinstance(scope, EveryCompany) or len(scope) != 1 or not touches_growing(sql):
        return None
    return next(iter(scope))


def check_keys(sql: str, keys: Sequence[Sequence[Any]], scope: Scope) -> None:
    """Keys of a look-up stay within the companies in scope, and its rows within those of its keys."""
    if touches_growing(sql):
        if not _marks(sql)[1]:
            raise ScopeError(f"a look-up on a growing table has no {{keys}}: {sql}")
        if not isinstance(scope, EveryCompany) and not _JOINED.search(sql):
            raise ScopeError(f"a look-up is not joined on company_id = k.column1: {sql}")
    check_rows(keys, scope)


def check_insert(sql: str, rows: Sequence[Sequence[Any]], scope: Scope) -> None:
    """What is written into a growing table are these rows, each the company's it starts with."""
    if touches_growing(sql) and not _is_insert(sql):
        raise ScopeError(f"not an INSERT of rows that start with company_id: {sql}")
    check_rows(rows, scope)


@lru_cache(maxsize=2048)
def _is_insert(sql: str) -> bool:
    return _INSERT.fullmatch(sql) is not None


def check_rows(rows: Sequence[Sequence[Any]], scope: Scope) -> None:
    """Rows to write start with a company in scope."""
    if isinstance(scope, EveryCompany):
        return
    strangers = {row[0] for row in rows} - set(scope)
    if strangers:
        raise ScopeError(f"rows of companies {sorted(strangers)} outside the scope {sorted(scope)}")
