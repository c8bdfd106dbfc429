"""What the rest of a document declares, for the parts that refer to it."""

from __future__ import annotations

import typing as t

import msgspec

from engage.core.check_conditions import Roles
from engage.core.problems import Mapping, Path, Problems, shown
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


def read_units(
    problems: Problems, names: Names, value: t.Any, path: Path, also: tuple[str, ...] = ()
) -> tuple[Mapping, Path] | None:
    """The entries of so many units of a currency, and where the amount stands; a number alone is the amount. `also`:
    other keys."""
    if not isinstance(value, dict):
        return {"amount": value}, path
    if len(value) == 1 and names.currencies:
        [(said, amount)] = value.items()
        known = ("amount", "currency", *also)
        currency = _currency_meant(problems, names.currencies, said, amount, known)
        if currency is not None:
            words = (
                f"must be {{currency: {currency}, amount: {shown(amount)}}}, not {{{said}: {shown(amount)}}}"
            )
            problems.add(path, words)
            return None
    entries = problems.fields(value, path, ("amount",), optional=("currency", *also))
    return None if entries is None else (entries, (*path, "amount"))


def _currency_meant(
    problems: Problems, currencies: tuple[str, ...], said: t.Any, amount: t.Any, known: tuple[str, ...]
) -> str | None:
    """The currency to write in place of `{said: amount}`; None where a key was meant, and not a currency."""
    if said in currencies:
        return str(said)
    if said in known or not isinstance(said, str) or not isinstance(amount, int | float):
        return None
    near = problems.nearest(said, (*currencies, *known))
    return None if near in known else near or currencies[0]


def read_currency(
    problems: Problems, names: Names, entries: Mapping, path: Path, *, alone: bool = False
) -> str | None:
    """The currency named by an entry, which may be left out where there is only one. `alone`: the entry is a number."""
    if "currency" in entries:
        return problems.known(entries["currency"], (*path, "currency"), names.currencies, "currency")
    if names.currencies is None or problems.misspelt(path, "currency"):
        return None
    if len(names.currencies) == 1:
        return names.currencies[0]
    several = ", ".join(names.currencies)
    as_in = ""
    if alone and isinstance(entries["amount"], int | float):
        as_in = f"; write {{currency: {names.currencies[0]}, amount: {shown(entries['amount'])}}}"
    problems.add(path, f"missing key 'currency': the program has several ({several}){as_in}")
    return None
