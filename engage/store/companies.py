"""Companies and the programs they follow: the host-level look-ups that a turn starts with."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final
from weakref import WeakKeyDictionary

from engage.core.call import ID_CHARS_MAX
from engage.core.program import Program as ProgramData
from engage.core.program import from_canonical
from engage.errors import NotFound
from engage.store.database import database_in_use
from engage.store.scope import EVERY_COMPANY
from engage.store.statements import Statements, Transaction
from engage.store.tables import Company, Program, Setting

HOST = 0
"""Stands for the host itself where a company's number is expected: its default program, calls not attributed yet."""
NUMBERS_MAX: Final = 100_000
"""How many companies' numbers are remembered."""
UNKNOWN_COMPANIES = "unknown_companies"
"""The setting that, when "refuse", keeps calls from creating companies."""

# By database: external id -> number.
_numbers: WeakKeyDictionary[object, dict[str, int]] = WeakKeyDictionary()


async def load_company_ids(s: Statements, external_ids: Iterable[str]) -> dict[str, int]:
    rows = await s.lookup(
        "SELECT c.external_id, c.id FROM {keys} k JOIN engage_company c ON c.external_id = k.column1",
        [(id,) for id in sorted(set(external_ids))],
        scope=EVERY_COMPANY,
    )
    return dict(rows)


async def load_company_names(s: Statements, ids: Iterable[int]) -> dict[int, str]:
    """number -> external id"""
    rows = await s.lookup(
        "SELECT c.id, c.external_id FROM {keys} k JOIN engage_company c ON c.id = k.column1",
        [(id,) for id in sorted(set(ids))],
        scope=EVERY_COMPANY,
    )
    return dict(rows)


async def create_companies(tx: Transaction, external_ids: Iterable[str], now: int) -> dict[str, int]:
    """Create those that do not exist; the ids of all of them."""
    names = set(external_ids)
    known = await load_company_ids(tx, names)
    # Only what is missing, as each row tried takes a number, and in one order, so that two never wait for each other.
    rows = [(name, now) for name in sorted(names - known.keys())]
    if not rows:
        return known
    await tx.insert(
        [("INSERT INTO engage_company (external_id, created_at) {rows} ON CONFLICT DO NOTHING", rows)],
        scope=EVERY_COMPANY,
    )
    return known | await load_company_ids(tx, [name for name, _ in rows])


async def name_companies(s: Statements, after: int, limit: int) -> list[tuple[int, str]]:
    """(number, external id) of the companies above number `after`, in order of number."""
    rows = await s.rows(
        "SELECT id, external_id FROM engage_company WHERE id > ? ORDER BY id LIMIT ?",
        [after, limit],
        scope=EVERY_COMPANY,
    )
    return [(row[0], row[1]) for row in rows]


async def nameless_logs(s: Statements) -> list[int]:
    """Numbers that have a log and no name: what is stored of a company which nobody can ask for."""
    rows = await s.rows(
        "SELECT h.company_id FROM engage_head h LEFT JOIN engage_company c ON c.id = h.company_id "
        "WHERE {h.scope} AND h.company_id <> ? AND c.id IS NULL ORDER BY h.company_id",
        [HOST],
        scope=EVERY_COMPANY,
    )
    return [row[0] for row in rows]


async def name_numbers(numbers: Collection[int]) -> dict[int, str]:
    """Number -> external id of some companies."""
    rows = await Company.filter(id__in=sorted(set(numbers))).values_list("id", "external_id")
    return {int(str(id)): str(name) for id, name in rows}


async def may_create_companies() -> bool:
    setting = await Setting.get_or_none(name=UNKNOWN_COMPANIES)
    return setting is None or setting.value != "refuse"


async def current_programs(s: Statements, ids: Collection[int]) -> dict[int, int]:
    """company -> id of the version in force, its own or the host's default; 0 when there is neither."""
    rows = await s.lookup(
        "SELECT p.company_id, MAX(p.id) FROM {keys} k JOIN engage_program p ON p.company_id = k.column1 "
        "GROUP BY p.company_id",
        [(HOST,), *((id,) for id in sorted(ids))],
        scope=EVERY_COMPANY,
    )
    newest: dict[int, int] = dict(rows)
    default = newest.get(HOST, 0)
    return {id: newest.get(id, default) for id in ids}


NEWEST_VERSION: Final = "SELECT COALESCE(MAX(id), 0) FROM engage_program"


async def newest_version(s: Statements) -> int:
    """The id of the last version published by anybody: while it is the same, so are those in force."""
    rows = await s.rows(NEWEST_VERSION, scope=EVERY_COMPANY)
    return int(rows[0][0])


async def load_program(id: int) -> ProgramData:
    version = await Program.get(id=id)
    return from_canonical(version.canonical)


async def load_published(id: int) -> tuple[bytes, str]:
    """A version's canonical bytes, and the hash they had when it was published."""
    version = await Program.get(id=id)
    return bytes(version.canonical), version.hash


async def company_id(external_id: str) -> int | None:
    if len(external_id) > ID_CHARS_MAX:
        return None  # no company's; the ORM would call it a mistake of ours
    found = await Company.get_or_none(external_id=external_id)
    return found.id if found else None


async def existing_company(external_id: str) -> int:
    """A company's number. Raises NotFound."""
    id = await company_id(external_id)
    if id is None:
        raise NotFound(f"company {external_id!r} is not known")
    return id


async def known_company(s: Statements, external_id: str) -> int | None:
    """A company's number, remembered, so that a request about a company asks for it once.

    Companies are never deleted and their numbers are nobody else's. Not within a transaction that creates companies:
    it may be rolled back.
    """
    numbers = _numbers.setdefault(database_in_use(), {})
    number = numbers.get(external_id)
    if number is None and len(external_id) <= ID_CHARS_MAX:
        number = (await load_company_ids(s, [external_id])).get(external_id)
        if number is not None:
            while len(numbers) >= NUMBERS_MAX:
                del numbers[next(iter(numbers))]
            numbers[external_id] = number
    return number


async def find_company(s: Statements, external_id: str) -> int:
    """`known_company`. Raises NotFound."""
    number = await known_company(s, external_id)
    if number is None:
        raise NotFound(f"there is no company {external_id[:255]!r}")
    return number


async def latest_version(owner: int) -> Program | None:
    """The newest published version of a company's own program, or of the host's default for owner HOST."""
    return await Program.filter(company_id=owner).order_by("-number").first()
