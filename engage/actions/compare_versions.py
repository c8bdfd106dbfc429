"""Published versions beside what publishing makes of them: numbers without a gap, the hash, and the document.

What each says decides events, and its canonical bytes and hash do so alone. The document is what people see of it.
"""

from __future__ import annotations

from engage.actions.replay import Difference, difference, same
from engage.core.program import canonical, canonical_hash, from_canonical
from engage.document import read_plain, read_program
from engage.errors import EngageError
from engage.store.database import Database
from engage.store.programs import VersionRow, every_version


async def compare_versions(database: Database, owner: int, name: str) -> None:
    """All versions of a company, or the host's. Raises Difference."""
    number = 0
    try:
        async with database.read():
            async for version, stored in every_version(owner):
                number += 1
                same(name, f"engage_program {version.id} differs in number", version.number, number)
                _compare(name, f"version {number}", version, stored)
    except (Difference, EngageError):
        raise
    except Exception as error:
        what = f"what is stored of the version after {number} cannot be read"
        raise difference(name, f"{what}: {type(error).__name__}: {error}") from error


def _compare(name: str, what: str, version: VersionRow, stored: bytes) -> None:
    same(name, f"{what} has another hash", version.hash, canonical_hash(stored).hex())
    read = read_program(version.document).program
    if read is None:
        # This release may refuse what an older one published, but not what is no document at all.
        if not isinstance(read_plain(version.document), dict):
            raise difference(name, f"{what}: the document that is stored of it cannot be read")
    elif from_canonical(canonical(read)) != from_canonical(stored):
        raise difference(name, f"{what}: the document that is stored of it is that of another program")
