"""What the rest of a document declares, for the parts that refer to it."""

from __future__ import annotations

import msgspec

from engage.core.check_conditions import Roles
from engage.core.problems import Mapping, Path, Problems
from engage.core.program import Audience, Group


class Names(msgspec.Struct, frozen=True):
    """What the rest of the document declares. None where it could not be read."""

    currencies: tuple[str, ...] | None
    badges: tuple[str, ...] | None
    tags: tuple[str, ...] | None
    nudges: tuple[str, ...] | None
    events: dict[str, dict[str, str] | None] | None  # event -> property -> type
    member_traits: dict[str, str] | None
    company_traits: dict[str, str] | None
    levels: tuple[str, ...] | None
    quests: dict[str, int] | None  # id -> how many tiers
    advancing: frozenset[str] | None  # ids of those that rules can advance
    streaks: tuple[str, ...] | None
    groups: dict[str, Group | None] | None  # None for one that was reported
    department: str | None  # the trait, folded; empty when none is declared
    roles: Roles | None
    audiences: dict[str, Audience | None] | None  # None for one that was reported
    personal: frozenset[str]  # whole field names, traits folded
    personal_properties: dict[str, frozenset[str]]  # event -> whole field names
    levels_fall: bool = True  # whether time or a publication can lower a level
    campaigns: tuple[str, ...] | None = ()
    leaves: bool = True  # whether the program says how a member leaves
    referral: bool = False  # whether the program has one


def label_of(identifier: str) -> str:
    """What people see when no name was given: deal-won becomes Deal won."""
    words = identifier.replace("-", " ").replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def read_currency(problems: Problems, names: Names, entries: Mapping, path: Path) -> str | None:
    """The currency named by an entry, which may be left out where there is only one."""
    if "currency" in entries:
        return problems.known(entries["currency"], (*path, "currency"), names.currencies, "currency")
    if names.currencies is None:
        return None
    if len(names.currencies) == 1:
        return names.currencies[0]
    several = ", ".join(names.currencies)
    problems.add(path, f"missing key 'currency': the program has several ({several})")
    return None
