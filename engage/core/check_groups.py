"""Exclusive groups of rules, from the document."""

from __future__ import annotations

import typing as t

from engage.core.check_names import Names, read_currency
from engage.core.problems import Mapping, Path, Problems
from engage.core.program import Group, Pick

GROUPS_MAX = 200
PICKS = ("first", "best", "all")


def read_groups(problems: Problems, names: Names, value: t.Any) -> dict[str, Group | None] | None:
    """The groups by id, None for one that was reported."""
    declared = problems.named(value, ("groups",), GROUPS_MAX, ids=True)
    if declared is None:
        return None
    return {key: _read_group(problems, names, item, ("groups", key)) for key, item in declared.items()}


def _read_group(problems: Problems, names: Names, value: t.Any, path: Path) -> Group | None:
    entries: Mapping | None = problems.fields(value, path, ("pick",), ("currency",))
    if entries is None or "pick" not in entries:
        return None
    pick = problems.choice(entries["pick"], (*path, "pick"), PICKS)
    currency: str | None = ""
    if pick == "best":
        currency = read_currency(problems, names, entries, path)
    elif "currency" in entries:
        words = "'currency' goes with 'pick: best', where awards are compared"
        problems.add((*path, "currency"), words, at_key=True)
    return None if pick is None or currency is None else Group(t.cast(Pick, pick), currency)
